"""Findings of a drawing that is checked again: what was decided on has changed; who may ask, and how often."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from drawings import asking, deciding, running
from drawings.domain.facts import Facts
from drawings.domain.finding import NO_UNIT
from drawings.layer_template import content as template
from drawings.models import DrawingCheck
from transactions import quotas
from transactions.attachments import render_jobs
from transactions.models import Outbox

from ..accounts.conftest import centre as centre
from ..accounts.conftest import delegated as delegated
from ..conftest import NOW, upload
from .test_checks import _as_long_as_it_takes as _as_long_as_it_takes
from .test_checks import case as case
from .test_checks import on_case as on_case
from .test_checks import the_overlap

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


@pytest.mark.parametrize(("operations", "may"), [([], False), (["withdraw", "receive"], False), (["answer"], True)])
def test_whoever_may_only_follow_neither_explains_nor_sets_the_unit(
    on_case, cast, delegated, signed_in, operations, may
):
    delegated(operations=operations)
    agent = User.objects.get(pk=cast.other_citizen.pk)
    finding, key = the_overlap(on_case), on_case.attachment.key
    reader = signed_in(agent)
    assert reader.get(reverse("drawings:check", args=[key])).status_code == 200, "following is allowed"
    at = reverse("drawings:finding", args=[key, finding.pk])
    assert reader.post(at, {"explanation": "x"}).status_code == (302 if may else 404)
    finding.refresh_from_db()
    assert finding.explanation == ("x" if may else "")
    DrawingCheck.objects.filter(pk=on_case.pk).update(result=on_case.result | {"state": NO_UNIT})
    reader.post(reverse("drawings:unit", args=[key]), {"unit": "4"})
    on_case.refresh_from_db()
    assert (on_case.facts["unit"] == 4) == may


def seen_in(answer, finding):
    """The mark of what the one form about a finding shows."""
    section = answer.content.decode().partition(f'id="finding-{finding.pk}"')[2].partition("</section>")[0]
    (mark,) = re.findall(r'name="version_seen" value="(\w+)"', section)
    return mark


def test_two_windows_wipe_nobodys_explanation(on_case, cast, signed_in):
    finding, key = the_overlap(on_case), on_case.attachment.key
    at, page = reverse("drawings:finding", args=[key, finding.pk]), signed_in(cast.citizen)
    old = seen_in(page.get(reverse("drawings:check", args=[key])), finding)
    for _twice in range(2):
        assert page.post(at, {"explanation": "جدار مشترك", "version_seen": old}).status_code == 302
    refused = page.post(at, {"explanation": "ارتداد قديم", "version_seen": old})
    html = refused.content.decode()
    assert refused.status_code == 409
    assert "جدار مشترك" in html
    assert "ارتداد قديم" in html
    finding.refresh_from_db()
    assert finding.explanation == "جدار مشترك"
    new = seen_in(refused, finding)
    assert page.post(at, {"explanation": "ارتداد قديم", "version_seen": new}).status_code == 302
    finding.refresh_from_db()
    assert finding.explanation == "ارتداد قديم"


def test_nobody_decides_on_what_was_measured_or_decided_since_they_looked(on_case, cast, signed_in):
    finding, key = the_overlap(on_case), on_case.attachment.key
    at, one, other = (
        reverse("drawings:finding", args=[key, finding.pk]),
        signed_in(cast.reviewer),
        signed_in(cast.second_reviewer),
    )
    old = seen_in(one.get(reverse("drawings:check", args=[key])), finding)
    running._keep_findings(on_case, [finding.content | {"measured": 987.65}], NOW)
    sent = {"decision": "overridden", "reason": "حُدّد في الموقع"}
    refused = one.post(at, sent | {"version_seen": old})
    html = refused.content.decode()
    assert refused.status_code == 409
    assert "حُدّد في الموقع" in html
    assert re.search(r'value="overridden"\s+checked', html), "what was chosen stays chosen"
    new = seen_in(refused, finding)
    assert other.post(at, {"decision": "accepted", "version_seen": new}).status_code == 302
    assert one.post(at, sent | {"version_seen": new}).status_code == 409
    finding.refresh_from_db()
    assert (finding.decision, finding.decided_by) == ("accepted", cast.second_reviewer)


@pytest.mark.parametrize("name", ["measured", "required", "place"])
def test_a_finding_that_is_another_since_its_decision_says_so(on_case, cast, signed_in, name):
    finding = the_overlap(on_case)
    deciding.decide(finding, "accepted", "قديم", by=cast.reviewer, now=NOW)
    was = {each: finding.content[each] for each in ("required", "measured", "place")}
    other = {"measured": 987.65, "required": 12.5, "place": [[1.0, 2.0], [3.0, 4.0], [5.0, 2.0]]}
    content = finding.content | {name: other[name]}
    for _twice in range(2):
        running._keep_findings(on_case, [content], NOW)
        finding = the_overlap(on_case)
        assert finding.content[name] == other[name], "what was found now is kept"
        assert (finding.decision, finding.decided_on) == ("accepted", was)
    page = reverse("drawings:check", args=[on_case.attachment.key])
    reviewer = signed_in(cast.reviewer)
    with translation.override("en"):
        said = "Changed since this decision"
        reviewer.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        assert said in reviewer.get(page).content.decode()
        deciding.decide(finding, "accepted", "", by=cast.reviewer, now=NOW)
        assert the_overlap(on_case).decided_on == {}
        assert said not in reviewer.get(page).content.decode()


def test_a_finding_that_is_again_what_was_decided_on_is_decided(on_case, cast):
    finding = the_overlap(on_case)
    deciding.decide(finding, "accepted", "", by=cast.reviewer, now=NOW)
    content = finding.content
    running._keep_findings(on_case, [content | {"measured": 1.0}], NOW)
    running._keep_findings(on_case, [content], NOW)
    assert (the_overlap(on_case).decided_on, the_overlap(on_case).content) == ({}, content)


def test_a_place_the_applicant_was_asked_about_is_decided_on_again_once_it_changed(on_case, case, cast, signed_in):
    deciding.decide(the_overlap(on_case), "deficiency", "", by=cast.reviewer, now=NOW)
    mark = the_overlap(on_case).mark
    case.refresh_from_db()
    sent = {"version": case.version, "mark": mark.pk, f"mark-{mark.pk}": mark.text}
    signed_in(cast.reviewer).post(reverse("staff:move", args=[case.reference, "return"]), sent)
    running._keep_findings(on_case, [the_overlap(on_case).content | {"measured": 0.5}], NOW)
    deciding.decide(the_overlap(on_case), "accepted", "", by=cast.reviewer, now=NOW)
    assert (the_overlap(on_case).decision, the_overlap(on_case).mark) == ("accepted", None)
    mark.refresh_from_db()
    assert mark.removed_at is None, "what the applicant was told stays"


def test_whoever_sends_many_drawings_waits_behind_who_sends_one(cast):
    many = [asking.check_loose(upload("a.dxf", template()), Facts(), by=cast.citizen, now=NOW) for _each in range(3)]
    one = asking.check_loose(upload("b.dxf", template()), Facts(), by=cast.other_citizen, now=NOW)
    waiting = Outbox.objects.filter(kind=running.KIND)
    subjects = dict(waiting.values_list("pk", "subject"))
    assert {subjects[pk] for pk in running.order_by_sender(waiting)} == {many[0].pk, one.pk}
    render_jobs.charge_sender(cast.citizen.pk, 100)
    assert [subjects[pk] for pk in running.order_by_sender(waiting)] == [one.pk, many[0].pk]


def test_asking_again_has_an_hourly_share(cast, signed_in, monkeypatch):
    monkeypatch.setattr(quotas, "MAX_CHECKS", 2)
    check = asking.check_loose(upload("a.dxf", template()), Facts(), by=cast.citizen, now=NOW)
    asking.once_more(check, by=cast.citizen, now=NOW)
    with pytest.raises(quotas.OverQuota):
        asking.once_more(check, by=cast.citizen, now=NOW)
    with pytest.raises(quotas.OverQuota):
        asking.give_unit(check, 4, None, by=cast.citizen, now=NOW)
    with pytest.raises(quotas.OverQuota):
        asking.check_loose(upload("b.dxf", template()), Facts(), by=cast.citizen, now=NOW)
    asking.once_more(check, by=cast.citizen, now=NOW + timedelta(hours=1))
    sender, at = signed_in(cast.citizen), reverse("drawings:again", args=[check.attachment.key])
    assert [sender.post(at).status_code for _each in range(3)] == [302, 302, 302]
    assert "طلبتَ فحص رسومات كثيرة" in sender.get(reverse("drawings:checks")).content.decode()
    sent = {
        "what": "villa",
        "plot_area": "600",
        "street_width": "20",
        "units": "1",
        "file": upload("c.dxf", template()),
    }
    refused = sender.post(reverse("drawings:checks"), sent)
    assert refused.status_code == 422
    assert "طلبتَ فحص رسومات كثيرة" in refused.content.decode()
    assert DrawingCheck.objects.count() == 1
