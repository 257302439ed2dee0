"""The commands that answer questions: status, explain, doctor."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from robaws_pipeline import fields
from robaws_pipeline.cli.output import held_table, money, months_table, out, say
from robaws_pipeline.cli.work import chosen, company_option, settings_of, workspaces
from robaws_pipeline.deliveries.archive import ArchiveError
from robaws_pipeline.reasons import Language, describe
from robaws_pipeline.settings import SettingsError, config_path
from robaws_pipeline.steps.deliveries import listed
from robaws_pipeline.steps.doctor import Diagnosis, diagnose
from robaws_pipeline.steps.explain import Explanation
from robaws_pipeline.steps.explain import explain as explain_document
from robaws_pipeline.steps.mapping import proposal
from robaws_pipeline.steps.mark import open_marks
from robaws_pipeline.steps.outside import FILE as OUTSIDE
from robaws_pipeline.steps.status import status as read_status
from robaws_pipeline.steps.workspace import Workspace


def _last_runs(base: Path, company: str, limit: int = 5) -> list[dict[str, str | None]]:
    """The company's last runs, from the Dagster instance that the command line and the UI share."""
    import dagster as dg  # noqa: PLC0415 - slow to import

    from robaws_pipeline.automation.instance import prepare_home  # noqa: PLC0415
    from robaws_pipeline.automation.jobs import is_of  # noqa: PLC0415

    prepare_home(base)
    with dg.DagsterInstance.get() as instance:
        records = [record for record in instance.get_run_records(limit=200) if is_of(record.dagster_run, company)]
    return [
        {
            "job": record.dagster_run.job_name,
            "run_id": record.dagster_run.run_id,
            "status": record.dagster_run.status.value,
            "started": record.create_timestamp.isoformat(timespec="seconds"),
        }
        for record in records[:limit]
    ]


def _handed_over(workspace: Workspace) -> dict[str, Any]:
    """The last delivery that was not withdrawn, how many documents the accountant has, and how many of them Robaws
    does not mark as it should (None: no marks are wanted); or what is wrong."""
    try:
        found = listed(workspace)
    except ArchiveError as error:
        return {"last": None, "date": None, "documents": None, "open_marks": None, "problem": str(error)}
    kept = [one.manifest for one in found if one.manifest.kind == "delivery" and not one.withdrawn]
    standing = found[-1].manifest.standing if found else {}
    documents = sum(int(sums["count"]) for types in standing.values() for sums in types.values())
    last = kept[-1] if kept else None
    marks = None if workspace.company.deliveries.mark is None else len(open_marks(workspace))
    return {
        "last": last and last.number,
        "date": last and last.date,
        "documents": documents,
        "open_marks": marks,
        "problem": None,
    }


def _told_of(handed: Mapping[str, Any]) -> str:
    if handed["problem"]:
        return str(handed["problem"])
    if handed["last"] is None:
        return "nothing was delivered yet; robaws-pipeline deliver --dry-run says what would go"
    marks = handed["open_marks"]
    open_ = "" if marks is None else f"; {marks or 'no'} marks are open in Robaws"
    has = f"the accountant has {handed['documents']} documents"
    return f"last delivery {handed['last']} of {handed['date']}; {has}{open_}"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON object, amounts as text.")
@company_option
@click.pass_context
def status(context: click.Context, as_json: bool, company: str | None) -> None:
    """Months, states, what is held and why, the last runs. Asks nothing of Robaws."""
    settings = settings_of(context)
    keys = chosen(settings, company)
    statuses = [read_status(Workspace.of(settings, key)) for key in keys]
    runs = {key: _last_runs(settings.base, key) for key in keys}
    handed = {key: _handed_over(Workspace.of(settings, key)) for key in keys}
    if as_json:
        found = {
            status.company: {**status.as_json(), "deliveries": handed[status.company], "runs": runs[status.company]}
            for status in statuses
        }
        click.echo(json.dumps(found, indent=2))
        return
    out.print(months_table(statuses))
    if any(status.held for status in statuses):
        out.print(held_table(statuses))
    for one in statuses:
        if not one.loaded:
            out.print(f"{one.company}: nothing loaded yet. Begin with: robaws-pipeline load --company {one.company}")
            continue
        if one.stale:
            out.print(
                f"{one.company}: * {', '.join(one.stale)} will be built again by the next nightly run: what is held, "
                "the settings or the program changed since"
            )
        for month, count in one.outside.items():
            out.print(
                f"{one.company}: {count} documents are dated {month}, where the books have no place: they are kept and "
                "not exported"
            )
        if one.outside:
            place = Workspace.of(settings, one.company).exports.path(OUTSIDE)
            say(out, f"{one.company}:", f"these documents, why, and what to do: {place}", "")
        for name, moment in one.complete_to.items():
            out.print(f"{one.company}: {name} complete up to {moment:%Y-%m-%d %H:%M} UTC" if moment else "")
        say(out, f"{one.company}:", _told_of(handed[one.company]), "")
        for run in runs[one.company]:
            out.print(f"{one.company}: run {run['started']} {run['job']} {run['status']}")


@click.command()
@click.argument("document")
@company_option
@click.pass_context
def explain(context: click.Context, document: str, company: str | None) -> None:
    """One document from its JSON to its postings and the lines of its files.

    DOCUMENT is Robaws's id, the invoice number, or the supplier's number of a purchase.
    """
    settings = settings_of(context)
    found = [
        (explanation, settings.companies[key].language)
        for key in chosen(settings, company)
        for explanation in explain_document(Workspace.of(settings, key), document)
    ]
    for explanation, language in found:
        _tell(explanation, language)
    if not found:
        click.echo(f"No document {document!r} in the loaded months; robaws-pipeline status lists these.", err=True)
        sys.exit(1)


def _tell(explanation: Explanation, language: Language) -> None:
    out.rule(f"{explanation.collection} {explanation.id}, {explanation.month}")
    say(out, "What Robaws sent", "")
    out.print(Syntax(json.dumps(json.loads(explanation.json), indent=2, ensure_ascii=False), "json", word_wrap=True))
    lines = _table("Lines", "no", "type", "description", ">quantity", ">price", ">net", "tariff", "account")
    for line in explanation.lines:
        lines.add_row(
            str(line["line_no"]),
            line["type"],
            (line["description"] or "").split("\n")[0],
            *(_plain(line[name]) for name in ("quantity", "price", "net")),
            line["vat_tariff_name"],
            line["gl_account_code"],
        )
    out.print(lines)
    state = explanation.state
    if state is None:
        out.print("Not in the books yet: run robaws-pipeline nightly")
        return
    say(out, "State", f"{state['state']}  net {money(state['net'])}, gross {money(state['gross'])}")
    for reason in state["reasons"]:
        out.print(f"  {describe(reason['code'], reason['detail'], language)}")
    if explanation.vat:
        vat = _table("VAT", "treatment", ">rate", ">base", ">VAT", ">self-assessed")
        for group in explanation.vat:
            amounts = (money(group[name]) for name in ("base", "vat", "self_assessed_vat"))
            vat.add_row(group["treatment"], _plain(group["rate"]), *amounts)
        out.print(vat)
    if explanation.postings:
        postings = _table("Postings", "no", "journal", "account", "name", "description", ">debit", ">credit")
        for posting in explanation.postings:
            amount = posting["amount"]
            debit, credit = (money(amount), "") if amount > 0 else ("", money(-amount))
            text = [str(posting["posting_no"])]
            text += [posting[name] for name in ("journal", "account", "account_name", "description")]
            postings.add_row(*text, debit, credit)
        out.print(postings)
    for path, in_file in explanation.files.items():
        say(out, path, "")
        for text_line in in_file:
            out.print(f"  {text_line}", soft_wrap=True)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        table.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left")
    return table


def _plain(value: object) -> str:
    """A number without trailing zeros."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@click.command()
@click.option("--all", "show_all", is_flag=True, help="Every mapped field, not only those that were not found.")
@click.option(
    "--propose",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a copy of the settings file with a proposal for each VAT tariff that has no meaning yet.",
)
@company_option
@click.pass_context
def doctor(context: click.Context, show_all: bool, propose: Path | None, company: str | None) -> None:
    """Check settings, credentials, rights, field names, VAT tariffs and accounts.

    Run it before the first load of a new Robaws tenant: field names that Robaws does not document are compared with a
    page of each collection, and the documents that would be held for want of a setting are counted.
    """
    settings = settings_of(context)
    if propose is not None and propose.exists():
        raise SettingsError("--propose", [f"{propose} exists: name a new file, to be compared with your settings"])
    healthy = True
    unmapped = {}
    for workspace in workspaces(settings, company):
        diagnosis = diagnose(workspace)
        _tell_diagnosis(workspace, diagnosis, show_all)
        unmapped[workspace.key] = list(diagnosis.unmapped)
        healthy &= not diagnosis.problems
    if propose is not None:
        text = proposal(config_path(context.obj).read_text(encoding="utf-8"), unmapped)
        with propose.open("x", encoding="utf-8") as file:
            file.write(text)
        say(out, "Proposed", f"{propose}: read what is marked PROPOSED before you use it", "green")
    if not healthy:
        sys.exit(1)


def _tell_diagnosis(workspace: Workspace, diagnosis: Diagnosis, show_all: bool) -> None:
    out.rule(f"{workspace.key}: {workspace.company.name}")
    table = _table("Collections", "collection", "path", ">documents", ">looked at", "fields found", "result")
    for found in diagnosis.probes:
        known = [field for field in found.fields if found.objects.get(field.resource)]
        present = sum(field.found for field in known)
        looked_at = found.objects.get(_resource(found.collection), 0)
        result = Text("cannot be read", "red") if found.error else Text("ok")
        counts = [str(found.total), str(looked_at), f"{present} of {len(known)}"]
        table.add_row(found.collection, found.path, *counts, result)
    out.print(table)
    fields_table = _table("Fields", "resource", "field", "Robaws's key", "sure?", ">filled", ">empty", ">missing")
    for found in diagnosis.probes:
        for field in found.fields:
            if found.objects.get(field.resource) and (show_all or not field.filled):
                counts = [str(field.filled), str(field.empty), str(field.missing)]
                fields_table.add_row(field.resource, field.name, field.key, field.confidence, *counts)
    if fields_table.row_count:
        fields_table.title = "Fields" if show_all else "Fields that no object on the page fills"
        out.print(fields_table)
    if diagnosis.unmapped:
        out.print(_waiting(diagnosis))
    for problem in diagnosis.problems:
        say(out, "Problem", problem, "bold red")
    for hint in diagnosis.hints:
        say(out, "Look at", hint, "bold yellow")
    if not diagnosis.problems:
        say(out, f"{workspace.key} can be loaded:", f"robaws-pipeline load --company {workspace.key}", "green")


def _waiting(diagnosis: Diagnosis) -> Table:
    counted = "all documents that are held here" if diagnosis.all_held else "the documents looked at"
    table = _table(f"Held for want of a setting, of {counted}", "reason", "collection", "what", ">documents", ">total")
    for row in diagnosis.unmapped:
        percentage = "" if row.percentage is None else f" {_plain(row.percentage)} %"
        tariff = f"tariff {row.tariff_name!r} (id {row.tariff_id}){percentage}"
        what = f"treatment {row.treatment}" if row.code == "account_missing" else tariff
        table.add_row(row.code, row.collection, what, str(row.documents), money(row.gross))
    return table


def _resource(collection: str) -> str:
    return next(found.resource for found in fields.COLLECTIONS if found.name == collection)
