"""The verbs of accounts: a name becomes one's own, on every device, until it is given back.

A `user` is a models.User, a `device` what its owner knows it by ("Firefox on Linux"), `asker` what
tries are counted by: the address.
"""

import secrets
from functools import partial

from models import User, db, now
from parlor import accounts, claimed, leaving, logins, names, passwords, pictures, profile, renames
from parlor.errors import AlreadyClaimed, LoginNotFound, PasswordWrong, SignInFailed
from parlor.limits import throttle
from parlor.transactions import transaction


def register(user, name, password, device, asker, email=None, full_name=None, picture=None):
    """A guest keeps a name, and all that they wrote; or, where `user` is None, a new account.

    Returns (User, Login). Guests who bear the name get another. Raises Name… and Password… errors,
    NameClaimed, AlreadyClaimed, EmailInvalid, FullNameInvalid, PictureInvalid, TooMany.
    """
    if accounts.is_account(user):
        raise AlreadyClaimed
    name = names.clean(name)
    claimed.check(name)
    passwords.check(password)
    facts = cleaned(email=email or "", full_name=full_name or "", picture=picture or "")
    throttle.hit("register", asker)
    guest = user and (user.id, user.key)
    facts["password_hash"] = hashed(password)
    user, login, changes = claim(guest and guest[0], name, facts, device)
    if guest:
        logins.replace_key(*guest, login.id)
    renames.tell(changes)
    return user, login


@transaction
def claim(user_id, name, facts, device):
    """(User, Login, Changes) of a guest, or None, who has an account from now on."""
    claimed.hold(user_id, name)
    user = db.session.get(User, user_id) if user_id else User(name=name)
    if accounts.is_account(user):
        raise AlreadyClaimed
    claimed.check(name)
    renames.lock(user_id, renames.bearing(name))
    db.session.add(user)
    update(user, key=secrets.token_hex(16), name=name, claimed_key=names.key(name), **facts)
    return user, logins.begin(user.id, device), renames.take(user, name)


def sign_in(name, password, device, asker):
    """Returns (User, Login). Raises SignInFailed, whichever of the two is wrong; TooMany."""
    key = names.key(name)
    throttle.hit("sign-in", asker)
    throttle.hit("password", key)
    user = claimed.owner(key)
    kept = user and user.password_hash
    if not is_password(user, password):
        raise SignInFailed
    return begin(user.id, key, kept, device)


@transaction
def begin(user_id, key, kept, device):
    """(User, Login), unless name or password are others by now. Raises SignInFailed."""
    claimed.hold(user_id)
    user = db.session.get(User, user_id)
    if (user.claimed_key, user.password_hash) != (key, kept):
        raise SignInFailed
    return user, logins.begin(user_id, device)


def sign_out(claim):
    """End the session of an accounts.Claim: its sockets are closed at once."""
    end_logins(claim.user_id, [claim.key])


def end_login(user, login_id):
    """End one of the user's sessions. Raises LoginNotFound."""
    if login_id not in [login.id for login in logins.of(user.id)]:
        raise LoginNotFound
    end_logins(user.id, [login_id])


def end_logins(user_id, ids):
    transaction(logins.end)(user_id, ids)
    logins.hang_up(user_id, ids)


def logins_of(user):
    """The sessions of the user's that have not ended, the latest seen first: models.Logins."""
    return logins.of(user.id)


def change_password(user, claim, old, new):
    """Every other session of the user's ends. `claim`: the accounts.Claim of the one that stays.

    Raises PasswordWrong and Password… errors for the fields `old` and `new`, TooMany.
    """
    passwords.check(new, field="new")
    confirm(user, old, field="old")
    others = renew(user.id, claim.key, user.password_hash, hashed(new))
    logins.hang_up(user.id, others)


@transaction
def renew(user_id, key, old_hash, new_hash):
    """The ids of the Logins that have ended."""
    claimed.hold(user_id)
    user = db.session.get(User, user_id)
    if user.password_hash != old_hash:  # changed from elsewhere, in this moment
        raise PasswordWrong(field="old")
    user.password_hash = new_hash
    others = [login.id for login in logins.of(user_id) if login.id != key]
    logins.end(user_id, others)
    return others


def rename(user, name):
    """The account has another name from now on: on old messages and on open pages, too.

    The old name is free. Returns the User. Raises Name… errors, NameClaimed.
    """
    user, changes = give(user.id, names.clean(name))
    renames.tell(changes)
    return user


@transaction
def give(user_id, name):
    claimed.hold(user_id, name)
    claimed.check(name, but=user_id)
    renames.lock(user_id, renames.bearing(name))
    user = db.session.get(User, user_id)
    update(user, name=name, claimed_key=names.key(name))
    return user, renames.take(user, name)


def update_profile(user, name=None, full_name=None, email=None, picture=None):
    """What is given is kept from now on; an empty text takes it away, None leaves it.

    Where one thing is refused, nothing is kept. Returns the User. Raises FullNameInvalid,
    EmailInvalid, PictureInvalid, and for the `name` as `rename` does.
    """
    given = {"full_name": full_name, "email": email, "picture": picture}
    facts = cleaned(**{field: text for field, text in given.items() if text is not None})
    if name is not None:
        user = rename(user, name)
    user, changes = describe(user.id, facts)
    renames.tell(changes)
    return user


@transaction
def describe(user_id, facts):
    claimed.hold(user_id)
    user = db.session.get(User, user_id)
    is_new = facts.get("picture", user.picture) != user.picture
    update(user, **facts)
    return user, renames.bear(user, user.name, user.claimed_key) if is_new else []


def delete_account(user, password, keep_messages):
    """The name is free again, all sessions end. Raises PasswordWrong, TooMany.

    `keep_messages`: what they wrote stays, under "Someone who left"; else it is taken away, soon.
    """
    confirm(user, password)
    leaving.leave_for_good(user.id, erases=not keep_messages)


CLEAN = {
    "email": profile.clean_email,
    "full_name": profile.clean_full_name,
    "picture": pictures.clean,
}


def cleaned(**typed):
    return {field: CLEAN[field](text) for field, text in typed.items()}


def update(user, **facts):
    for field, value in facts.items():
        setattr(user, field, value)
    user.last_seen_at = now()
    db.session.flush()


def confirm(user, password, field="password"):
    """Raises PasswordWrong, TooMany."""
    throttle.hit("password", user.claimed_key)
    if not is_password(user, password):
        raise PasswordWrong(field=field)


def is_password(user, password):
    """Whether it is the user's. For nobody, None, it takes as long."""
    return without_connection(partial(passwords.verify, user and user.password_hash, password))


def hashed(password):
    return without_connection(partial(passwords.make, password))


def without_connection(work):
    """What takes its time holds no connection to the database meanwhile."""
    db.session.rollback()
    return work()
