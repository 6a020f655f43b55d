"""The command line: the same house, without the HTTP door."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api import cli_backup, cli_index, cli_jobs, cli_webhooks, console, doctor, local
from api.house import House
from api.serve import serve as run_server
from api.shapes import document_out, review_out
from api.worker import run_beat, run_worker
from classify import decisions, review, training
from classify import evaluation as classification_evaluation
from core import jobs, model_export, settings, telemetry
from core.db import reading, transaction
from core.errors import InvalidInput, MailroomError
from ingest import inspection, library
from retrieval import evaluation as retrieval_evaluation

app = typer.Typer(
    name="mailroom",
    help="The open digital mailroom: reads, classifies, routes and answers, with proof.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
reviews_app = typer.Typer(help="The review queue.", no_args_is_help=True)
evaluate_app = typer.Typer(help="Measure on a folder of your own.", no_args_is_help=True)
models_app = typer.Typer(help="The embedding model of this machine.", no_args_is_help=True)
app.add_typer(reviews_app, name="reviews")
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(models_app, name="models")
app.add_typer(cli_jobs.app, name="jobs")
app.add_typer(cli_index.app, name="index")
app.add_typer(cli_webhooks.app, name="webhooks")
app.command("backup")(cli_backup.take)
app.command("restore")(cli_backup.restore)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Who = Annotated[str, typer.Option("--as", help="Your name; it is kept with the review.")]
Files = Annotated[list[Path], typer.Argument(exists=True, help="Files and folders.")]


@app.callback()
def _configure(context: typer.Context) -> None:
    """Set the logs up before any command."""
    # A person at a terminal sees progress bars; what works unseen tells its log.
    unseen = context.invoked_subcommand in {"serve", "worker", "beat"}
    telemetry.configure(settings.load().log_level if unseen else "WARNING")


@contextmanager
def _house() -> Iterator[House]:
    """Lend the house of this data folder to a command."""
    lent = House(settings.load())
    try:
        yield lent
    finally:
        lent.close()


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0: any free one.")] = None,
) -> None:
    """Serve the API and the page, and work on documents, all in this process."""
    run_server(settings.load(), host, port)


@app.command()
def worker(
    queues: Annotated[str, typer.Option(help="Queues to serve, by comma.")] = ",".join(jobs.QUEUES),
    concurrency: Annotated[int | None, typer.Option(min=1, help="Children.")] = None,
) -> None:
    """Work on documents in a process of its own; needs a broker and a Chroma server."""
    run_worker(settings.load(), queues.split(","), concurrency)


@app.command()
def beat() -> None:
    """Send again and again what the database says is due; one is enough for a cluster."""
    run_beat(settings.load())


@app.command()
def ingest(files: Files, as_json: Json = False) -> None:
    """Take files and folders in, and see each read, classified and routed."""
    with _house() as house:
        found = local.files_in(files)
        with console.bar("taking in", len(found)) as progress:
            accepted = [local.take_in(house, path, progress) for path in found]
        with console.bar("processing", len(accepted)) as progress:
            documents = [local.finish(house, item, progress) for item in accepted]
    shaped = [document_out(document) for document in documents]
    if as_json:
        console.print_json({"documents": [item.model_dump(mode="json") for item in shaped]})
    else:
        rows = [
            (d.filename, d.state, d.label, _percent(d.confidence), d.department or d.error_detail)
            for d in shaped
        ]
        console.print_table(("file", "state", "class", "sure", "to"), rows)
    if any(item.state == "failed" for item in shaped):
        raise typer.Exit(console.FAILED)


@app.command()
def classify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, allow_dash=True)],
    as_json: Json = False,
) -> None:
    """Say what a file is and where it should go; nothing is kept."""
    with _house() as house, file.open("rb") as stream:
        parsed = inspection.read_stream(house.settings, stream, file.name)
        classification = house.classifier.classify(parsed, local.SOURCE)
        result = decisions.shape(classification, house.settings.policy)
    if as_json:
        console.print_json(result)
        return
    console.print_fields(
        {
            "class": result.primary_classification,
            "confidence": _percent(result.confidence_score),
            "decision": result.decision,
            "reason": result.review_reason,
            "department": getattr(result.routing_recommendation, "department", None),
            "priority": result.priority_level,
            "why": result.reasoning,
            **{fact.name: f"{fact.value}  (page {fact.page})" for fact in result.key_information},
        }
    )


@app.command()
def search(
    query: str,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    as_json: Json = False,
) -> None:
    """Find passages by words and by meaning."""
    with _house() as house, reading(house.sessions) as session:
        result = house.searcher.search(session, house.scope, query, limit)
    if as_json:
        console.print_json(result)
        return
    for n, passage in enumerate(result.passages, 1):
        console.out.print(f"[bold]{n}. {passage.title or passage.filename}[/], page {passage.page}")
        console.out.print(" ".join(passage.text.split()), markup=False, highlight=False)


@app.command()
def ask(question: str, as_json: Json = False) -> None:
    """Answer a question from the documents, with quotes that are checked."""
    with _house() as house, reading(house.sessions) as session:
        answer = house.answerer.ask(session, house.scope, question)
    if as_json:
        console.print_json(answer)
        return
    if answer.refused:
        console.out.print(f"No answer: {answer.refusal_reason}", markup=False)
        return
    console.out.print(answer.answer, markup=False, highlight=False)
    for citation in answer.citations:
        place = f"[{citation.n}] {citation.title}, page {citation.page}"
        console.out.print(f"{place}: “{citation.quote}”", markup=False, style="dim")


@reviews_app.command("list")
def list_reviews(
    state: Annotated[str, typer.Option(help="open, claimed, resolved or all.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: Json = False,
) -> None:
    """List reviews, the longest waiting first."""
    wanted = None if state == "all" else state
    with _house() as house, reading(house.sessions) as session:
        rows = [review_out(row) for row in review.listed(session, house.scope, wanted, None, limit)]
        names = {r.id: library.get(session, house.scope, r.document_id).filename for r in rows}
    if as_json:
        console.print_json({"items": [row.model_dump(mode="json") for row in rows]})
        return
    columns = ("review", "document", "reason", "state", "claimed by", "label")
    table = [(r.id, names[r.id], r.reason, r.state, r.claimed_by, r.label) for r in rows]
    console.print_table(columns, table)


@reviews_app.command("claim")
def claim_review(review_id: UUID, who: Who = "command line", as_json: Json = False) -> None:
    """Take a review to work on."""
    with _house() as house, transaction(house.sessions) as session:
        row = review_out(review.claim(session, house.scope, review_id, who))
    _show_review(row.model_dump(mode="json"), as_json)


@reviews_app.command("release")
def release_review(review_id: UUID, who: Who = "command line", as_json: Json = False) -> None:
    """Give a claimed review back to the queue."""
    with _house() as house, transaction(house.sessions) as session:
        row = review_out(review.release(session, house.scope, review_id, who))
    _show_review(row.model_dump(mode="json"), as_json)


@reviews_app.command("resolve")
def resolve_review(
    review_id: UUID,
    label: str,
    department: Annotated[str | None, typer.Option(help="Overrules the label's own.")] = None,
    note: Annotated[str | None, typer.Option()] = None,
    who: Who = "command line",
    as_json: Json = False,
) -> None:
    """Say what the document is: it is routed, and the answer is kept as a label."""
    with _house() as house, transaction(house.sessions) as session:
        row = review.resolve(
            session, house.scope, review_id, who, label, house.taxonomy, department, note
        )
        shaped = review_out(row)
    _show_review(shaped.model_dump(mode="json"), as_json)


@app.command()
def train(
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Holds labels.csv.")],
    out: Annotated[Path, typer.Option(help="Folder to write the trained head to.")],
    also: Annotated[list[Path] | None, typer.Option(exists=True, help="More such folders.")] = None,
    as_json: Json = False,
) -> None:
    """Train the local engine from a folder with labels.csv (path,label)."""
    with _house() as house:
        report = training.train_folder(
            data, out, house.read, house.embedder, console.tell, also=also or []
        )
    if as_json:
        console.print_json(report)
    else:
        console.print_fields(report)


@evaluate_app.command("classification")
def evaluate_classification(
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Holds labels.csv.")],
    folds: Annotated[int | None, typer.Option(min=2, help="Cross-validate on the folder.")] = None,
    leave_out: Annotated[str | None, typer.Option(help="Leave out each value of a column.")] = None,
    others: Annotated[
        Path | None, typer.Option(exists=True, help="path,label of oddities.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure accuracy, calibration and what would be routed automatically."""
    if folds and leave_out:
        raise InvalidInput("--folds and --leave-out are two different questions: ask one")
    with _house() as house:
        report = classification_evaluation.evaluate(
            data,
            read=house.read,
            embedder=house.embedder,
            taxonomy=house.taxonomy,
            policy=house.settings.policy,
            folds=folds,
            leave_out=leave_out,
            others=others,
            say=console.tell,
        )
    _show_report(report, as_json)


@evaluate_app.command("retrieval")
def evaluate_retrieval(
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="BEIR layout.")],
    as_json: Json = False,
) -> None:
    """Measure search by words, by meaning and by both."""
    with _house() as house:
        report = retrieval_evaluation.evaluate(
            data, house.embedder, house.settings.search, console.counted
        )
    _show_report(report, as_json)


@models_app.command("prepare")
def prepare_model(as_json: Json = False) -> None:
    """Export the embedding model to the form that is served; needs the `models` extra, once."""
    wanted = settings.load()
    prepared = model_export.prepare(wanted.embedding.model, wanted.models_dir, console.tell)
    if as_json:
        console.print_json(prepared)
    else:
        console.out.print(f"prepared in {prepared.folder}", highlight=False)


@app.command("doctor")
def examine(as_json: Json = False) -> None:
    """Look at everything the service needs and say what is wrong."""
    findings = doctor.examine(settings.load())
    if as_json:
        console.print_json({"findings": findings, "ok": doctor.healthy(findings)})
    else:
        console.print_table(("what", "state"), findings.items())
    if not doctor.healthy(findings):
        raise typer.Exit(console.FAILED)


def main() -> None:
    """Run a command; what Mailroom knows by name becomes a sentence, not a traceback."""
    try:
        app()
    except MailroomError as error:
        if "--json" in sys.argv:
            console.print_json({"code": error.code, "detail": error.detail, "hint": error.hint})
        console.complain(error)
        sys.exit(console.FAILED)


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share * 100:.1f} %"


def _show_review(row: dict[str, object], as_json: bool) -> None:
    if as_json:
        console.print_json(row)
    else:
        console.print_fields(row)


def _show_report(report: dict[str, object], as_json: bool) -> None:
    if as_json:
        console.print_json(report)
        return
    lists = ("risk_coverage", "failures")
    console.print_fields({name: v for name, v in report.items() if name not in lists})
