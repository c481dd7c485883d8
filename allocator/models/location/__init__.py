"""Location: where to open sites (models/location/formulation.md).

Arrays in, arrays out; every form takes a `Location` (data) and gives a `Located` with its proof.

    from allocator.models.location.data import Location
    from allocator.models.location.p_median import p_median

    found = p_median(Location.of(distance, p=10))
    found.open, found.value, found.bound

Forms: p_median, p_center, covering (set_covering, maximal_covering), facility, single_source.
`instances.as_instance` states any of them as an instance of pre-positioning.
"""
