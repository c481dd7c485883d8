"""One finding: its code, what is the matter, the numbers behind it and the cheapest repair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from allocator.errors import Fault

Level = Literal["error", "warning", "note"]
_LEVELS: Mapping[str, Level] = {"E": "error", "W": "warning", "I": "note"}

# An error is a proof that no plan can obey the hard rules; a warning is a shortage that no plan
# can avoid, or data that is hardly meant; a note is worth knowing.
CODES: Mapping[str, str] = {
    "W3101": "less usable supply than need",
    "W3102": "no usable supply at all",
    "W3201": "barred by vehicle permits",
    "W3202": "goods are earmarked for others",
    "W3203": "goods of owners not vetted",
    "W3204": "lane opens too late or closes too early",
    "W3205": "closed site",
    "W3206": "goods expire before they can be there",
    "W3207": "goods come after the need",
    "W3208": "no lane from where the goods are",
    "W3209": "several rules together",
    "W3301": "fleet hours",
    "W3401": "gate minutes",
    "W3501": "site throughput",
    "W3502": "shipping cap",
    "W3601": "floors nothing can reach",
    "W3602": "floors above the supply",
    "W3603": "floors above the gate minutes",
    "W3604": "floors above the fleet hours",
    "E3605": "stock floor cannot hold",
    "E3701": "pin without a lane or without goods",
    "E3702": "pin above a limit",
    "E3703": "pins contradict each other",
    "E3704": "pin is not whole packs",
    "W3801": "need a person far above the median",
    "W3802": "need where nobody lives",
    "W3803": "goods that expired before they count",
    "I3804": "goods of owners not vetted are left out",
    "W3805": "goods at sites that take no part",
    "W3806": "vehicles without a lane",
    "W3807": "goods at a site no vehicle leaves",
    "W3808": "trips longer than the shift",
    "I3809": "imputed values",
    "W3810": "more people in need than live there",
    "W3811": "earmark that names no community, district or zone",
    "I3812": "communities without a need",
    "E3901": "coverage no site can give",
    "E3902": "floors of reserves nothing can keep",
    "E3903": "days of need out of reach",
    "W3904": "no reserve can reach",
    "W3905": "cut off from reserves at times",
    "W3906": "less room for reserves than need",
    "I3907": "parts of scenarios that reserves do not look at",
    "E3921": "more patients in beds than beds",
    "E3922": "less care than those in beds need",
    "W3923": "class without a bed",
    "W3924": "no site for patients",
    "W3925": "fewer bed-periods than patients need",
    "W3926": "worse in a bed only",
    "W3941": "goods no vehicle can carry",
    "W3942": "no time to hand goods over",
    "W3943": "no way for a vehicle",
    "W3944": "no vehicle with a permit where the goods are",
    "W3945": "numbers too large for routes",
    "W3946": "fixed routes contradict themselves",
    "W3947": "too far for a vehicle in its time",
    "E3951": "more hours than can be worked",
    "E3952": "more people required than fit",
    "W3953": "nobody has the skill",
    "W3954": "shift longer than anybody may work",
    "W3955": "nobody can be there",
    "W3956": "fewer hours than wanted",
    "W3957": "fewer beds than people in a sealed place",
}


@dataclass(frozen=True)
class Finding:
    """What is the matter, with its numbers.

    Attributes:
        code: E3xxx proves that no plan can exist, W3xxx warns, I3xxx is a note.
        what: The matter in one or two sentences, with the planner's own ids.
        numbers: The same figures for programs.
        repair: The cheapest change that arithmetic can find; empty when there is none.
        where: The row it comes from, such as ``"pins.csv:3"``; empty for sums over many rows.
        examples: Up to five of the places or rows that are worst off.
    """

    code: str
    what: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    repair: str = ""
    where: str = ""
    examples: tuple[str, ...] = ()

    @property
    def level(self) -> Level:
        """error, warning or note."""
        return _LEVELS[self.code[0]]

    @property
    def title(self) -> str:
        """The name of the code."""
        return CODES[self.code]

    def fault(self) -> Fault:
        """Return the finding as the fault of an exception or an envelope."""
        severity: Literal["error", "warning"] = "error" if self.level == "error" else "warning"
        return Fault(self.code, severity, self.where, "", self.what.rstrip("."), self.repair)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "code": self.code,
            "level": self.level,
            "title": self.title,
            "what": self.what,
            "numbers": dict(self.numbers),
            "repair": self.repair,
            "where": self.where,
            "examples": list(self.examples),
        }
