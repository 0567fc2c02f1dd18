"""What a return asks for, made ready to be written. Called by transitions.moves only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.text import prose

from ..domain import placeholders
from ..domain.errors import Invalid, Problem
from ..domain.text_length import validate_text_length
from ..models import Deficiency, Mark, Transaction
from .mover import Transition

# Deficiencies in the reviewer's own words have no code of the catalogue: they are own-1, own-2, …
OWN_WORDS_CODE = "own"


@dataclass(frozen=True)
class RequestedCompletion:
    """One deficiency to list in a return; an empty sentence takes the catalogue's, in the applicant's language.

    Without a code it is in the reviewer's own words, and `opens` names the questions and documents it is about. `marks`
    are places on documents the applicant is told of with it; it opens those documents as well. `sentence` is in the
    language of the request; it can also be given by language, in both or in that one.
    """

    code: str = ""
    sentence: str = ""
    opens: tuple[str, ...] = ()
    marks: tuple[int, ...] = ()
    sentence_ar: str = ""
    sentence_en: str = ""

    def written(self, language: str) -> dict[str, str]:
        """What is written, by language, for a request in `language`; nothing for what is empty."""
        given = {"ar": prose(self.sentence_ar), "en": prose(self.sentence_en)}
        given[language] = given[language] or prose(self.sentence)
        return {each: text for each, text in given.items() if text}

    def is_written_twice(self, language: str) -> bool:
        """Are there two different sentences in the language of the request?"""
        given = {prose(self.sentence), prose({"ar": self.sentence_ar, "en": self.sentence_en}[language])} - {""}
        return len(given) > 1


def open_round(transition: Transition, asked: Iterable[RequestedCompletion]) -> list[Deficiency]:
    """The deficiencies of the next return of this file, with the facts of its event; as `rows`."""
    round_ = 1 + transition.case.events.filter(move="return").count()
    rows = deficiency_rows(transition.case, asked, round_)
    transition.facts.update(count=len(rows), round=round_, codes=sorted(row.code for row in rows))
    return rows


def deficiency_rows(case: Transaction, asked: Iterable[RequestedCompletion], round_: int) -> list[Deficiency]:
    """The deficiencies of one return, not written yet; Invalid names everything wrong with them."""
    given = list(_with_documents(case, asked))
    listed = {item.code: item for item in given if item.code}
    own = {f"{OWN_WORDS_CODE}-{number}": item for number, item in enumerate((i for i in given if not i.code), start=1)}
    if not given:
        raise Invalid([Problem("deficiencies", _("Choose at least one thing to be completed."), "required")])
    known = {entry.code: entry for entry in case.service_type.deficiencies}
    if unknown := sorted(set(listed) - set(known)):
        raise Invalid([Problem("deficiencies", _("Unknown code: %s") % ", ".join(unknown), "unknown_code")])
    if problems := _problems(case, {**listed, **own}):
        raise Invalid(problems)
    with translation.override(case.language):
        usual = {code: str(entry.sentence) for code, entry in known.items()}
    deficiencies = []
    for code, item in {**listed, **own}.items():
        names = tuple(dict.fromkeys((*(known[code].names if code in known else ()), *item.opens)))
        written = item.written(case.language)
        sentence = written.get(case.language) or usual[code]
        deficiencies.append(
            Deficiency(
                transaction=case,
                round=round_,
                code=code,
                sentence=sentence,
                own_words=written if sentence != usual.get(code) else None,
                about=names[0] if names else "",
                opens=list(names),
            )
        )
    return deficiencies


def _with_documents(case: Transaction, asked: Iterable[RequestedCompletion]) -> Iterator[RequestedCompletion]:
    """What is asked about places on documents opens those documents, as far as the service asks for them."""
    known = {document.code for document in case.service_type.documents}
    for item in asked:
        if item.marks:
            marked = Mark.objects.filter(pk__in=item.marks, attachment__transaction=case)
            documents = marked.order_by("pk").values_list("attachment__document", flat=True)
            opens = (*item.opens, *(document for document in documents if document in known))
            yield replace(item, opens=tuple(dict.fromkeys(opens)))
        else:
            yield item


def tell_of_marks(case: Transaction, rows: Iterable[Deficiency], asked: Iterable[RequestedCompletion]) -> None:
    """From now on the applicant sees the places each deficiency is about. Invalid when one was taken back, or told of
    before, in the meantime.
    """
    given = list(asked)
    in_order = [*(item for item in given if item.code), *(item for item in given if not item.code)]
    for row, item in zip(rows, in_order, strict=True):
        wanted = set(item.marks)
        marks = Mark.objects.current().filter(pk__in=wanted, attachment__transaction=case, deficiency=None)
        if wanted and marks.update(deficiency=row) != len(wanted):
            words = _("A mark you chose was taken back or sent meanwhile. Look at the marks again.")
            raise Invalid([Problem(f"deficiencies.{row.code}", words, "mark_is_gone")])


_IN_ITS_LANGUAGE = {
    "ar": gettext_lazy("The request is in Arabic: write in Arabic too what the applicant has to complete."),
    "en": gettext_lazy("The request is in English: write in English too what the applicant has to complete."),
}


def _problems(case: Transaction, asked: dict[str, RequestedCompletion]) -> list[Problem]:
    service = case.service_type
    names = {spec.name for spec in service.fields()} | {document.code for document in service.documents}
    problems = []
    for code, item in asked.items():
        path = f"deficiencies.{code}"
        written = item.written(case.language)
        for text in written.values():
            problems += [*validate_text_length(path, text), *placeholders.validate_filled(path, text)]
        if case.language not in written and (written or not item.code):
            words = _IN_ITS_LANGUAGE[case.language] if written else _("Write what the applicant has to complete.")
            problems.append(Problem(path, words, "required"))
        if item.is_written_twice(case.language):
            problems.append(Problem(path, _("The sentence is given twice, and differently."), "given_twice"))
        if strangers := sorted(set(item.opens) - names):
            words = _("Neither a question nor a document: %s") % ", ".join(strangers)
            problems.append(Problem(path, words, "unknown_name"))
    return problems
