"""The tables behind keyword search, for the migration and the tests alike, on either database."""

from collections.abc import Sequence

NAME = "keyword_chunks"
VOCABULARY = "keyword_terms"

# `scope` holds one token for the workspace and one for the document, so that the tenant's border
# is part of the match itself. `terms` arrives analysed and joined by spaces: the tokenizer takes
# everything but spaces and controls as part of a term and changes nothing further.
TOKENIZER = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'"
CREATE = (
    f'CREATE VIRTUAL TABLE {NAME} USING fts5(scope, terms, tokenize="{TOKENIZER}")',
    f"CREATE VIRTUAL TABLE {VOCABULARY} USING fts5vocab({NAME}, 'row')",
)
DROP = (f"DROP TABLE {VOCABULARY}", f"DROP TABLE {NAME}")

BLOCKS = "keyword_blocks"
POSTINGS = "keyword_postings"
TOTALS = "keyword_totals"

# An inverted index: for each term of a workspace, one row a block of up to 200 chunks of one
# document, with the chunks packed into `postings`. A question reads nothing but the primary key's
# index, which carries them along; that is fast only where vacuum has marked the pages behind it,
# hence the eager settings. No foreign keys: a projection must not stand in the way of the truth.
EAGER = "autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.02"
CREATE_POSTGRES = (
    f"""
    CREATE TABLE {BLOCKS} (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        workspace_id uuid NOT NULL,
        document_id uuid NOT NULL,
        chunks integer NOT NULL,
        terms bigint NOT NULL
    )
    """,
    f"CREATE INDEX ix_{BLOCKS}_document_id ON {BLOCKS} (document_id)",
    f"""
    CREATE TABLE {POSTINGS} (
        workspace_id uuid NOT NULL,
        term text COLLATE "C" NOT NULL,
        block_id bigint NOT NULL,
        postings bytea NOT NULL,
        PRIMARY KEY (workspace_id, term, block_id) INCLUDE (postings)
    ) WITH ({EAGER})
    """,
    f"CREATE INDEX ix_{POSTINGS}_block_id ON {POSTINGS} (block_id)",
    f"""
    CREATE TABLE {TOTALS} (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        workspace_id uuid NOT NULL,
        chunks bigint NOT NULL,
        terms bigint NOT NULL
    )
    """,
    f"CREATE INDEX ix_{TOTALS}_workspace_id ON {TOTALS} (workspace_id)",
)
DROP_POSTGRES = tuple(f"DROP TABLE {table}" for table in (TOTALS, POSTINGS, BLOCKS))


def creating(dialect: str) -> Sequence[str]:
    """Return the statements that make the tables on a database, by SQLAlchemy's name of it."""
    return CREATE if dialect == "sqlite" else CREATE_POSTGRES


def dropping(dialect: str) -> Sequence[str]:
    """Return the statements that remove them."""
    return DROP if dialect == "sqlite" else DROP_POSTGRES
