"""Hold plain data against a type, value by value, so that every misfit is found and not only the first.

msgspec says of one value whether it fits, and why not; what it is asked for here are the parts, and the whole only once
all of its parts fit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Struct, ValidationError, convert
from msgspec.structs import FieldInfo, fields

from streams.configuration.mistakes import Mistake, Path, listed, meant, shown

_PLACE = re.compile(r" - at (?:key in )?`[^`]*`$")
_TOML_NAMES = {"object": "table", "str": "string", "int": "integer", "bool": "boolean"}
_NAME = re.compile(rf"`({'|'.join(_TOML_NAMES)})`")


def misfits(plain: Any, kind: Any, path: Path = ()) -> Iterator[Mistake]:
    """Yield what is wrong with `plain` where a value of the type `kind` is expected."""
    inside = list(_inside(plain, _bare(kind), path))
    yield from inside or _whole(plain, kind, path)


def _bare(kind: Any) -> Any:
    """Return a type without its bounds, and without None, which TOML cannot say."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        kept = [part for part in get_args(kind) if part is not NoneType]
        return _bare(kept[0]) if len(kept) == 1 else kind
    return kind


def _inside(plain: Any, kind: Any, path: Path) -> Iterator[Mistake]:
    """Yield what is wrong with the parts of a value; a value without parts, or of a wrong kind, has none."""
    origin, parts = get_origin(kind), get_args(kind)
    if isinstance(plain, dict):
        if origin in (Union, UnionType):
            yield from _one_of(plain, parts, path)
        elif origin is dict:
            yield from _entries(plain, parts[0], parts[1], path)
        elif isinstance(kind, type) and issubclass(kind, Struct):
            yield from _fields(plain, kind, path)
    elif isinstance(plain, list) and origin is tuple:
        for number, element in enumerate(plain):
            yield from misfits(element, parts[0], (*path, number))


def _entries(plain: dict[str, Any], key_kind: Any, value_kind: Any, path: Path) -> Iterator[Mistake]:
    for key, value in plain.items():
        wrong = list(_whole(key, key_kind, (*path, key)))
        yield from wrong or misfits(value, value_kind, (*path, key))


def _one_of(plain: dict[str, Any], kinds: tuple[Any, ...], path: Path) -> Iterator[Mistake]:
    """Yield what is wrong with a table whose form is told by one of its keys."""
    tag_field = kinds[0].__struct_config__.tag_field
    by_tag = {kind.__struct_config__.tag: kind for kind in kinds}
    tag = plain.get(tag_field)
    if isinstance(tag, str) and tag in by_tag:
        yield from _fields(plain, by_tag[tag], path)
        return
    if tag is None:
        yield Mistake((*path, tag_field), f"Expected one of {listed(by_tag)}, but the key is missing")
    else:
        yield _not_among(tag, tuple(by_tag), (*path, tag_field))
    yield from _of_some_form(plain, kinds, path)


def _of_some_form(plain: dict[str, Any], kinds: tuple[Any, ...], path: Path) -> Iterator[Mistake]:
    """Yield what is wrong whichever form a table should have: with the keys that all forms share, or none knows."""
    forms = [{field.encode_name: field for field in fields(kind)} for kind in kinds]
    shared = {name: field for name, field in forms[0].items() if all(name in form for form in forms)}
    names = dict.fromkeys(name for form in forms for name in form)
    yield from _known(plain, shared, path)
    yield from _unknown(plain, [*names, kinds[0].__struct_config__.tag_field], path)


def _fields(plain: dict[str, Any], kind: type[Struct], path: Path) -> Iterator[Mistake]:
    known = {field.encode_name: field for field in fields(kind)}
    tag_field = kind.__struct_config__.tag_field
    yield from _known(plain, known, path)
    yield from _unknown(plain, [*known, tag_field] if tag_field else [*known], path)


def _known(plain: dict[str, Any], known: dict[str, FieldInfo], path: Path) -> Iterator[Mistake]:
    for name, field in known.items():
        if name in plain:
            yield from misfits(plain[name], field.type, (*path, name))
        elif field.required:
            yield Mistake((*path, name), "Expected a value, but the key is missing")


def _unknown(plain: dict[str, Any], names: list[str], path: Path) -> Iterator[Mistake]:
    for key in plain:
        if key not in names:
            yield Mistake((*path, key), f"Expected no such key{meant(key, names)}")


def _whole(plain: Any, kind: Any, path: Path) -> Iterator[Mistake]:
    """Yield what msgspec says of a value."""
    bare = _bare(kind)
    if get_origin(bare) is Literal and isinstance(plain, str):
        if plain not in get_args(bare):
            yield _not_among(plain, get_args(bare), path)
    elif isinstance(plain, float) and not math.isfinite(plain):
        yield Mistake(path, f"Expected a finite number, got {plain}")
    else:
        try:
            convert(plain, kind)
        except ValidationError as error:
            yield Mistake(path, _in_words_of_toml(str(error)))


def _in_words_of_toml(text: str) -> str:
    plain = _PLACE.sub("", text).replace(" | null`", "`")
    return _NAME.sub(lambda name: f"`{_TOML_NAMES[name[1]]}`", plain)


def _not_among(given: Any, allowed: tuple[Any, ...], path: Path) -> Mistake:
    got = shown(given) if isinstance(given, str) else shown(type(given).__name__)
    near = meant(given, allowed) if isinstance(given, str) else ""
    return Mistake(path, f"Expected one of {listed(allowed)}, got {got}{near}")
