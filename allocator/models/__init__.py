"""The fast formulations, one decision a package; models/ beside it holds what each formulation is."""
