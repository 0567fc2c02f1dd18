"""Two bare Django views: one indexed SELECT, and one INSERT with its COMMIT."""

import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from transactions.models import FailedAttempt, Transaction


def select(request: HttpRequest, reference: str) -> HttpResponse:
    case = Transaction.objects.get(reference=reference)
    return JsonResponse({"reference": case.reference, "status": case.status})


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    row = FailedAttempt.objects.create(bucket=uuid.uuid4().hex, hour=timezone.now(), count=1)
    return JsonResponse({"id": row.pk}, status=201)


urlpatterns = [path("select/<str:reference>/", select), path("insert/", insert)]
