"""The least Django that django-hordak runs in: one database, no debugging. `bench/hordak_yardstick.py` names it."""

import os

DEBUG = False
INSTALLED_APPS = ["django.contrib.contenttypes", "mptt", "hordak"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["HORDAK_HOST"],
        "USER": os.environ["HORDAK_USER"],
        "NAME": os.environ["HORDAK_DATABASE"],
        "CONN_MAX_AGE": None,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
CURRENCIES = ["CNY"]
DEFAULT_CURRENCY = HORDAK_INTERNAL_CURRENCY = "CNY"
