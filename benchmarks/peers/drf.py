"""Django REST Framework in one file: a ModelViewSet behind the default router.

`python drf.py` makes the table, `gunicorn drf:application` serves.
"""

from pathlib import Path

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path.cwd() / "db.sqlite3"}
    },
    INSTALLED_APPS=["rest_framework"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
        "PAGE_SIZE": 100,
        "UNAUTHENTICATED_USER": None,  # there is no django.contrib.auth
    },
    ROOT_URLCONF=__name__,
)
django.setup()

# Models can be made once Django is set up, and not before.
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models  # noqa: E402
from rest_framework.routers import DefaultRouter  # noqa: E402
from rest_framework.serializers import ModelSerializer  # noqa: E402
from rest_framework.viewsets import ModelViewSet  # noqa: E402


class Thing(models.Model):
    """A thing."""

    id = models.BigAutoField(primary_key=True)
    text = models.TextField()

    class Meta:
        app_label = "rest_framework"
        db_table = "thing"


class ThingSerializer(ModelSerializer):
    """What clients send and get."""

    class Meta:
        model = Thing
        fields = ["id", "text"]


class ThingViewSet(ModelViewSet):
    """The calls."""

    queryset = Thing.objects.order_by("id")
    serializer_class = ThingSerializer


router = DefaultRouter()
router.register("things", ThingViewSet)
urlpatterns = router.urls
application = get_wsgi_application()

if __name__ == "__main__":
    with connection.schema_editor() as editor:
        editor.create_model(Thing)
