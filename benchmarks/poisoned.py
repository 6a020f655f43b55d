"""The service with a weakness of our own making: some documents kill their reader or worker.

    python -m benchmarks.poisoned serve|worker|…    as `mailroom`

Nothing of this is in the product.
"""

from functools import cached_property
from typing import Any

from api.cli import main
from api.house import House
from benchmarks.deeds import obey
from classify.classification import Classification, Context
from classify.classifier import Classifier
from core.documents import ParsedDocument
from ingest import sandbox

# What the reading child starts with.
HONEST, WEAK = "ingest.reading_child import main", "benchmarks.deeds import read as main"


class Poisonable:
    """A classifier at which some documents do a deed."""

    def __init__(self, inner: Classifier) -> None:
        self._inner = inner

    def classify(self, parsed: ParsedDocument, context: Context) -> Classification:
        """Do the deed that the text names, or else what a classifier does."""
        for page in parsed.pages:
            obey("worker", page.text)
        return self._inner.classify(parsed, context)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def weaken() -> None:
    """Put the weakness into the house and into the reading child."""
    honest = vars(House)["classifier"].func
    weak = cached_property(lambda house: Poisonable(honest(house)))
    weak.__set_name__(House, "classifier")
    House.classifier = weak  # type: ignore[assignment]
    vars(sandbox)["_BOOT"] = vars(sandbox)["_BOOT"].replace(HONEST, WEAK)


if __name__ == "__main__":
    weaken()
    main()
