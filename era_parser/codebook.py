"""The page of finding and refusal codes, from their docstrings: `python -m era_parser.codebook > docs/findings.md`."""

import ast
import inspect
import sys

from era_parser import findings, source
from era_parser.findings import FindingCode, severity

HEAD = """# What the reader says of a file

A file is either read or refused, whole. What is wrong or odd in one that was read is a **finding** (table
`finding`): a code, a severity, a place (file, interchange, payment, claim, line, segment, byte offset, element)
and a message that says what to do. `error`: money or segments do not add up. `warning`: against the guide.
`info`: odd, harmless. Nothing is dropped because of a finding. Made by `make findings` from the code.
"""


def page() -> str:
    """Markdown of all codes."""
    lines = [HEAD, "| code | severity | meaning |", "|---|---|---|"]
    for code, meaning in _meanings(findings, "FindingCode").items():
        lines.append(f"| `{code}` | {severity(FindingCode(code))} | {meaning} |")
    lines += ["", "## Refusals", "", "A refused file goes to quarantine with its reason and the byte where reading stopped.", "",
              "| code | meaning |", "|---|---|"]  # fmt: skip
    lines += [f"| `{code}` | {meaning} |" for code, meaning in _meanings(source, "RefusalCode").items()]
    return "\n".join(lines) + "\n"


def _meanings(module: object, name: str) -> dict[str, str]:
    """Members of an enumeration and the docstrings under them."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    found = {}
    for member, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(member, ast.Assign) and isinstance(after, ast.Expr):
            text = ast.literal_eval(after.value)
            found[ast.literal_eval(member.value)] = " ".join(text.split())
    return found


if __name__ == "__main__":
    sys.stdout.write(page())
