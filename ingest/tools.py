"""What the journey of a document needs, built once at the door and passed down."""

from dataclasses import dataclass

from classify.classifier import Classifier
from core.db import Sessions
from core.embedding import Embedder
from core.jobs import Send
from core.settings import Settings
from core.storage import BlobStore
from retrieval.index import VectorIndex
from retrieval.keywords import KeywordIndex


@dataclass(frozen=True, slots=True)
class Tools:
    """What the journey needs."""

    settings: Settings
    sessions: Sessions
    store: BlobStore
    embedder: Embedder
    index: VectorIndex
    keywords: KeywordIndex
    classifier: Classifier
    send: Send
    """Tells the workers of a job, after the commit."""
