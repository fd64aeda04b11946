"""The bill of materials of a release, in CycloneDX's format: what is inside each of its archives.

    python -m shipping.sbom FOLDER VERSION SECONDS BOM    the archives in FOLDER; SECONDS since 1970, of the release

Each archive is unpacked and read by components.py; one with a part that may not be in a closed game, or that nobody
knows, ends this with 1 and a message. What is written has been checked against CycloneDX's own schema.
"""

import sys
import tarfile
import tempfile
import uuid
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component as Part
from cyclonedx.model.component import ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from .components import OWN, OWN_LICENCE, Component, UnknownComponentError, components
from .errors import BuildError
from .index import sha256

FORMAT = SchemaVersion.V1_6
ARCHIVES = (".whl", ".zip", ".tgz", ".tar.gz")


def bill(archives: Iterable[Path], version: str, seconds: int) -> Bom:
    """Raises BuildError where an archive has what may not be given away."""
    bom = Bom()
    bom.metadata.timestamp = datetime.fromtimestamp(seconds, UTC)
    bom.metadata.component = _part(OWN, version, OWN_LICENCE, ComponentType.APPLICATION, OWN)
    for archive in archives:
        whole = _part(archive.name, version, OWN_LICENCE, ComponentType.FILE, archive.name)
        whole.hashes.add(HashType(alg=HashAlgorithm.SHA_256, content=sha256(archive)))
        for one in contents(archive):
            if one.name != OWN:
                whole.components.add(
                    _part(one.name, one.version, one.licence, ComponentType.LIBRARY, f"{archive.name}/{one.name}")
                )
        bom.components.add(whole)
    # The same parts have the same number, so that two runs write the same bytes.
    told = ",".join(sorted(hashed.content for part in bom.components for hashed in part.hashes))
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, f"{OWN}/{version}/{told}")
    bom.register_dependency(bom.metadata.component, bom.components)
    return bom


def contents(archive: Path) -> list[Component]:
    """The components inside; raises BuildError where one of them may not be in a closed game."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if archive.name.endswith((".whl", ".zip")):
            with zipfile.ZipFile(archive) as files:
                files.extractall(folder)
        else:
            with tarfile.open(archive) as files:
                files.extractall(folder, filter="data")
        if next(folder.glob("*/PKG-INFO"), None):
            return []  # an sdist: sources of this checkout alone
        try:
            found = components(folder)
        except UnknownComponentError as error:
            raise BuildError(f"{archive.name}: {error}") from error
    if bad := [one for one in found if not one.is_allowed()]:
        told = ", ".join(f"{one.name} ({one.licence})" for one in bad)
        raise BuildError(f"{archive.name} holds what a closed game may not: {told}. See docs/licences.md")
    return found


def written(bom: Bom) -> str:
    """As JSON. Raises BuildError where CycloneDX's schema refuses it."""
    text = make_outputter(bom, OutputFormat.JSON, FORMAT).output_as_string(indent=2) + "\n"
    if wrong := JsonStrictValidator(FORMAT).validate_str(text):
        raise BuildError(f"the bill of materials does not follow CycloneDX {FORMAT.to_version()}: {wrong}")
    return text


def _part(name: str, version: str, licence: str, kind: ComponentType, reference: str) -> Part:
    terms = [LicenseExpression(licence)]
    return Part(name=name, version=version or None, type=kind, bom_ref=reference, licenses=terms)


def main() -> int:
    folder, version, seconds, bom = sys.argv[1:]
    archives = sorted(path for path in Path(folder).iterdir() if path.name.endswith(ARCHIVES))
    try:
        text = written(bill(archives, version, int(seconds)))
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    Path(bom).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
