"""What the format has to say besides its files: documents held, and notes for a person."""


class Held(Exception):  # noqa: N818 - a verdict on one document, not a fault of the program
    """This document cannot be said in valid UBL; `reasons` explains the codes."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Notes:
    """Remarks gathered over a month: one sentence a matter, with the numbers of all documents it is true of."""

    def __init__(self) -> None:
        self._numbers: dict[str, list[str]] = {}

    def add(self, remark: str, number: str) -> None:
        """Say `remark` of the document `number`."""
        self._numbers.setdefault(remark, []).append(number)

    def sentences(self) -> list[str]:
        """One sentence a matter, sorted, so that the same month always says the same."""
        return [f"{remark}: {', '.join(numbers)}" for remark, numbers in sorted(self._numbers.items())]
