"""Users who sign in by address, in a table that has nothing of Django's but password and last_login."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models


class Customer(AbstractBaseUser):
    mail = models.EmailField(unique=True)
    full_name = models.CharField(max_length=200)
    boss = models.BooleanField(default=False)
    joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "mail"
