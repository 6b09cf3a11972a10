"""Metadata of a pack as a Workflow Run RO-Crate, in the file ro-crate-metadata.json."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dirgrad.core.errors import UserError
from dirgrad.report.review.commands import tier_option
from dirgrad.report.review.packed_files import PackedFile

if TYPE_CHECKING:
    from rocrate.model import ContextEntity
    from rocrate.rocrate import ROCrate

CRATE_VERSION = "1.1"
"""Version of RO-Crate on which the profiles of workflow runs are based."""
CRATE_ADDRESS = f"https://w3id.org/ro/crate/{CRATE_VERSION}"
"""Address of this version."""
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
"""Profiles that the crate conforms to, by address."""
SHA256 = "https://w3id.org/ro/terms/workflow-run#sha256"
"""Address of a term that RO-Crate 1.1 lacks."""
SOURCE_FOLDER = "src/dirgrad/"
"""The package, which the crate describes as a folder and not file by file."""
README = "README.md"
SOFTWARE = {
    "python": "https://www.python.org/ftp/python/{version}/",
    "numpy": "https://pypi.org/project/numpy/{version}/",
    "jax": "https://pypi.org/project/jax/{version}/",
    "torch": "https://pypi.org/project/torch/{version}/",
}
"""Addresses of the software whose versions a manifest lists."""
OUTPUTS = ("record", "table", "figure")


def metadata(
    manifest: Mapping[str, Any],
    citation: Mapping[str, Any],
    files: Sequence[PackedFile],
) -> dict[str, Any]:
    """Return the metadata of a pack, ready for JSON; equal arguments give equal metadata.

    Args:
        manifest: Manifest of the run.
        citation: Content of CITATION.cff.
        files: Files of the pack.

    Raises:
        UserError: The library `rocrate` is missing, or CITATION.cff lacks a key.
    """
    try:
        from rocrate.rocrate import ROCrate
    except ModuleNotFoundError:
        raise UserError("rocrate is not installed: run `pip install 'dirgrad[workflow]'`") from None
    crate = ROCrate(version=CRATE_VERSION)
    crate.metadata.extra_terms["sha256"] = SHA256
    times = _times(manifest)
    _describe_root(crate, manifest, citation, times)
    main = _main_workflow(files)
    listed = (file for file in files if file.name != main and not _is_source(file))
    entities = {file.name: _add_file(crate, file) for file in listed}
    _add_code_folder(crate, files)
    if README in entities:
        entities[README]["about"] = crate.root_dataset
    workflow = _add_workflow(crate, manifest, files)
    _add_run(crate, manifest, files, entities | {workflow.id: workflow}, times)
    content: dict[str, Any] = crate.metadata.generate()
    content["@graph"].sort(key=lambda entity: entity["@id"])
    return content


def _times(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the time at which the first job began, and at which the last one ended if known."""
    entries = manifest["jobs"].values()
    begins = [datetime.fromisoformat(entry["started"]) for entry in entries]
    if not begins:
        return {}
    times = {"startTime": min(begins).isoformat()}
    # Records of earlier versions do not state the wall time of their job.
    if all("seconds" in entry for entry in entries):
        seconds = (timedelta(seconds=entry["seconds"]) for entry in entries)
        ends = [begin + length for begin, length in zip(begins, seconds, strict=True)]
        times["endTime"] = max(ends).isoformat(timespec="seconds")
    return times


def _entity(crate: "ROCrate", identifier: str, **properties: Any) -> "ContextEntity":
    """Add an entity other than a file."""
    from rocrate.model import ContextEntity

    kind = properties.pop("type")
    return crate.add(ContextEntity(crate, identifier, {"@type": kind} | properties))


def _describe_root(
    crate: "ROCrate",
    manifest: Mapping[str, Any],
    citation: Mapping[str, Any],
    times: Mapping[str, str],
) -> None:
    for key in ("title", "license", "authors"):
        if key not in citation:
            raise UserError(f"CITATION.cff: {key}: the key is missing: the pack states it")
    license_id = f"https://spdx.org/licenses/{citation['license']}"
    root = crate.root_dataset
    root["name"] = f"{citation['title']}: results of the tier {manifest['tier']}"
    root["description"] = (
        "Workflow, code, configuration, records, tables and figures of one run. "
        "REPRODUCIBILITY.md says how to make each result again."
    )
    root["datePublished"] = times.get("endTime", times.get("startTime", "1970-01-01"))[:10]
    root["license"] = _entity(crate, license_id, type="CreativeWork", name=citation["license"])
    root["author"] = _one_or_all([_author(crate, author) for author in citation["authors"]])
    root["version"] = ", ".join(manifest["commit"])
    root["conformsTo"] = [
        _entity(crate, address, type="CreativeWork", name=name, version=address.rpartition("/")[2])
        for address, name in PROFILES.items()
    ]


def _one_or_all(entities: list[Any]) -> Any:
    """Return the only entity, or the list of them; the specification wants no list of one."""
    return entities[0] if len(entities) == 1 else entities


def _author(crate: "ROCrate", author: Mapping[str, str]) -> "ContextEntity":
    """Return an author of CITATION.cff: a person with a family name, or an organization."""
    parts = [author[key] for key in ("given-names", "family-names") if key in author]
    name = " ".join(parts) or author["name"]
    identifier = author.get("orcid", f"#{name.replace(' ', '-')}")
    return _entity(crate, identifier, type="Person" if parts else "Organization", name=name)


def _is_source(file: PackedFile) -> bool:
    return file.name.startswith(SOURCE_FOLDER)


def _main_workflow(files: Sequence[PackedFile]) -> str:
    """Return the name of the workflow that is run; empty if it is not among the files."""
    names = {file.name for file in files}
    return next((name for name in ("workflow/Snakefile", "Snakefile") if name in names), "")


def _facts(file: PackedFile) -> dict[str, Any]:
    return {
        "name": file.name,
        "encodingFormat": file.media_type,
        "contentSize": str(len(file.content)),
        "sha256": file.sha256,
    }


def _add_file(crate: "ROCrate", file: PackedFile) -> Any:
    return crate.add_file(dest_path=file.name, properties=_facts(file))


def _add_code_folder(crate: "ROCrate", files: Sequence[PackedFile]) -> None:
    if any(map(_is_source, files)):
        properties = {"name": "dirgrad", "description": "Source of the Python package dirgrad."}
        crate.add_dataset(dest_path=SOURCE_FOLDER, properties=properties)


def _add_workflow(
    crate: "ROCrate", manifest: Mapping[str, Any], files: Sequence[PackedFile]
) -> Any:
    """Add the main workflow, with the versions of the software that the jobs used."""
    name = _main_workflow(files)
    (file,) = (file for file in files if file.name == name)
    workflow = crate.add_workflow(
        dest_path=name, properties=_facts(file), main=True, lang="snakemake"
    )
    workflow["license"] = crate.root_dataset["license"]
    workflow["author"] = crate.root_dataset["author"]
    workflow["version"] = ", ".join(manifest["commit"])
    workflow["softwareRequirements"] = [
        _software(crate, name, version) for name in SOFTWARE for version in manifest.get(name, [])
    ]
    return workflow


def _software(crate: "ROCrate", name: str, version: str) -> "ContextEntity":
    # A version such as 2.13.0+cpu has the address of 2.13.0.
    address = SOFTWARE[name].format(version=version.partition("+")[0])
    return _entity(
        crate, address, type="SoftwareApplication", name=name, version=version, url=address
    )


def _add_run(
    crate: "ROCrate",
    manifest: Mapping[str, Any],
    files: Sequence[PackedFile],
    entities: Mapping[str, Any],
    times: Mapping[str, str],
) -> None:
    """Add the run that made the records, tables and figures from the configuration."""
    tier = manifest["tier"]
    run = _entity(
        crate,
        f"#run-{manifest['run_id']}",
        type="CreateAction",
        name=f"Run of the tier {tier}",
        description=f"snakemake{tier_option(tier)}",
        instrument=entities[_main_workflow(files)],
        object=[entities[file.name] for file in files if file.kind == "config"],
        result=[entities[file.name] for file in files if file.kind in OUTPUTS],
        **times,
    )
    crate.root_dataset["mentions"] = run
