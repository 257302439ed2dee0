"""Numbers that exist nowhere and pass their check digits all the same, so that whoever validates them is content."""


def belgian_vat(number: int) -> str:
    """A Belgian VAT number of the range that starts with 0999.00, with its check digits; `number` 0 to 99."""
    first = 9_990_000 + number
    return f"BE{first:08d}{97 - first % 97:02d}"


def iban(country: str, bban: str) -> str:
    """An IBAN with its check digits."""
    digits = "".join(str(int(character, 36)) for character in f"{bban}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{bban}"


def belgian_iban(number: int) -> str:
    """A Belgian bank account, both its check digits right."""
    body = f"099{number:07d}"
    return iban("BE", f"{body}{int(body) % 97 or 97:02d}")


def communication(number: int) -> str:
    """A structured communication of ten digits with its check digits."""
    digits = f"{number % 10**10:010d}{number % 10**10 % 97 or 97:02d}"
    return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"
