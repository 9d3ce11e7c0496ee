"""Every way to end a session, made ready so that one request is left to do."""

from dataclasses import dataclass

from people import NEW_PASSWORD, PASSWORD, Held


@dataclass
class Ending:
    """`request` ends the sessions in `ended` and none in `kept`, and is then answered `status`."""

    request: tuple
    ended: list[Held]
    kept: list[Held]
    reason: str
    status: int = 204


def logout(person):
    request = ("POST /api/auth/logout", person.browser.credentials)
    return Ending(request, [person.browser], [person.program], "logged_out")


def logout_page(person):
    request = ("POST /logout", person.browser.credentials)
    return Ending(request, [person.browser], [person.program], "logged_out", 303)


def logout_by_access_token(person):
    request = ("POST /api/auth/logout", person.program.credentials)
    return Ending(request, [person.program], [person.browser], "logged_out")


def logout_by_refresh_token(person):
    request = ("POST /api/auth/logout", None, {"refresh_token": person.refresh})
    return Ending(request, [person.program], [person.browser], "logged_out")


def logout_all(person):
    request = ("POST /api/auth/logout-all", person.browser.credentials)
    return Ending(request, [person.browser, person.program], [], "logged_out_everywhere")


def end_one(person):
    request = (f"DELETE /api/account/sessions/{person.program_id()}", person.browser.credentials)
    return Ending(request, [person.program], [person.browser], "ended_by_you")


def end_one_page(person):
    request = (f"POST /sessions/{person.program_id()}/end", person.browser.credentials)
    return Ending(request, [person.program], [person.browser], "ended_by_you", 303)


def end_one_by_program(person):
    request = (f"DELETE /api/account/sessions/{person.browser.id}", person.program.credentials)
    return Ending(request, [person.browser], [person.program], "ended_by_you")


def end_others(person):
    request = ("POST /api/account/sessions/end-others", person.program.credentials)
    return Ending(request, [person.browser], [person.program], "ended_by_you")


def change_password(person):
    body = {"current_password": PASSWORD, "password": NEW_PASSWORD}
    request = ("POST /api/account/password", person.browser.credentials, body)
    return Ending(request, [person.program], [person.browser], "password_changed")


def reset_password(person):
    asked = person.cluster.ask(1, 202, "POST /api/auth/forgot-password", None, {"email": person.email})
    code = person.cluster.letters.code(person.email)
    body = {"request": asked.body["request"], "code": code, "password": NEW_PASSWORD}
    return Ending(("POST /api/auth/reset-password", None, body), [person.browser, person.program], [], "password_reset")


def change_email(person):
    email, credentials = f"new-{person.email}", person.browser.credentials
    body = {"email": email, "current_password": PASSWORD}
    asked = person.cluster.ask(1, 202, "POST /api/account/email", credentials, body)
    body = {"request": asked.body["request"], "code": person.cluster.letters.code(email)}
    request = ("POST /api/account/email/confirm", credentials, body)
    return Ending(request, [person.program], [person.browser], "email_changed", 200)


def delete(person):
    request = ("POST /api/account/delete", person.browser.credentials, {"current_password": PASSWORD})
    return Ending(request, [person.browser, person.program], [], "deleted")


def reuse_refresh_token(person):
    _, second = person.refreshed(person.refresh)
    person.refreshed(second)
    request = ("POST /api/auth/token/refresh", None, {"refresh_token": person.refresh})
    return Ending(request, [person.program], [person.browser], "refresh_reused", 401)


def force_logout(person):
    request = (f"POST /api/admin/users/{person.id}/logout", person.cluster.superuser.credentials)
    return Ending(request, [person.browser, person.program], [], "forced")


def lock(person):
    request = (f"PATCH /api/admin/users/{person.id}", person.cluster.superuser.credentials, {"locked": True})
    return Ending(request, [person.browser, person.program], [], "locked", 200)


def change_role(person):
    request = (f"PATCH /api/admin/users/{person.id}", person.cluster.superuser.credentials, {"role": "superuser"})
    return Ending(request, [person.browser, person.program], [], "role_changed", 200)


def delete_other(person):
    request = (f"DELETE /api/admin/users/{person.id}", person.cluster.superuser.credentials)
    return Ending(request, [person.browser, person.program], [], "deleted")


KINDS = [
    logout,
    force_logout,
    logout_all,
    end_one,
    logout_by_refresh_token,
    change_password,
    end_others,
    lock,
    logout_page,
    reuse_refresh_token,
    end_one_by_program,
    reset_password,
    change_role,
    logout_by_access_token,
    change_email,
    end_one_page,
    delete,
    delete_other,
]
