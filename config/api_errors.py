"""What the API says of a request it cannot read: the shape of Ninja's answer, the sentences in French."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError

# By pydantic's type of error; names in braces are those of its context.
_EXPECTED: Mapping[str, str] = {
    "missing": "il manque",
    "greater_than": "un nombre plus grand que {gt} est attendu",
    "greater_than_equal": "un nombre d'au moins {ge} est attendu",
    "less_than": "un nombre plus petit que {lt} est attendu",
    "less_than_equal": "un nombre d'au plus {le} est attendu",
    "finite_number": "un nombre fini est attendu",
    "int_parsing": "un nombre entier est attendu",
    "int_parsing_size": "ce nombre entier est trop long",
    "int_from_float": "un nombre entier est attendu",
    "float_parsing": "un nombre est attendu",
    "bool_parsing": "« true » ou « false » est attendu",
    "literal_error": "une de ces valeurs est attendue : {expected}",
    "enum": "une de ces valeurs est attendue : {expected}",
    "string_too_short": "un texte d'au moins {min_length} caractères est attendu",
    "string_too_long": "un texte d'au plus {max_length} caractères est attendu",
}
_OTHERWISE = "cette valeur n'est pas admise"


def sentence(error: Mapping[str, Any]) -> str:
    """One error of pydantic in a French sentence that names the parameter."""
    names = [str(step) for step in error["loc"] if isinstance(step, str)]
    context = {name: str(value).replace(" or ", " ou ") for name, value in error.get("ctx", {}).items()}
    try:
        expected = _EXPECTED.get(error["type"], _OTHERWISE).format(**context)
    except KeyError:
        expected = _OTHERWISE
    return f"Paramètre « {names[-1] if names else 'requête'} » : {expected}."


def speak_french(api: NinjaAPI) -> None:
    """Answer 422 with sentences in place of pydantic's."""

    def refuse(request: HttpRequest, exc: ValidationError | type[ValidationError]) -> HttpResponse:
        errors = exc.errors if isinstance(exc, ValidationError) else []
        return api.create_response(request, {"detail": [one | {"msg": sentence(one)} for one in errors]}, status=422)

    api.add_exception_handler(ValidationError, refuse)
