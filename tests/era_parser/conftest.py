import os
from collections.abc import Callable
from pathlib import Path

import pytest

ISA = (
    "ISA*00*          *00*          *ZZ*EXAMPLEPAYER   "
    "*ZZ*EXAMPLERCVR    *260301*1200*^*00501*000000001*0*P*:"
)
GS = "GS*HP*EXAMPLEPAYER*EXAMPLERCVR*20260301*1200*1*X*005010X221A1"
Build = Callable[..., bytes]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the public samples, beside the checkout; the test is skipped where it is absent."""
    folder = Path(os.environ.get("SHORTPAY_SHARED", Path(__file__).parents[2].parent / "shared"))
    if not (folder / "data" / "835" / "INDEX.csv").exists():
        pytest.skip("the public sample remittances (shared/data/835) are not on this machine")
    return folder


@pytest.fixture(scope="session")
def remittance() -> Build:
    """Build a file of one 835 from the segments between ST and SE."""

    def build(*segments: str, end: str = "~\n", isa: str = ISA) -> bytes:
        body = ["ST*835*0001", *segments, f"SE*{len(segments) + 2}*0001"]
        return "".join(text + end for text in (isa, GS, *body, "GE*1*1", "IEA*1*000000001")).encode()

    return build
