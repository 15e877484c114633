"""Log-ins: passwords by argon2id, a lock after repeated failures."""

from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import audit
from core.access import CENTRE, CLERK, ROLES
from core.database import writing
from core.errors import InputError
from core.models import User, new_stamp

FAILURES_BEFORE_LOCK = 5
LOCK = timedelta(minutes=15)
MIN_PASSWORD = 12
_hasher = PasswordHasher()
_decoy = _hasher.hash("no account has this password")  # so that an unknown login takes as long as a known one


def add_user(login: str, name: str, role: str, password: str, unit_code: str | None = None, simulated: bool = False) -> None:
    """Create an account. Raises ``InputError`` for a weak password, an unknown role, a missing unit or a taken login."""
    if role not in ROLES:
        raise InputError(f"Vai trò phải là một trong {', '.join(ROLES)}.", f"The role must be one of {', '.join(ROLES)}.", field="role")
    if len(password) < MIN_PASSWORD:
        raise InputError(
            f"Mật khẩu cần ít nhất {MIN_PASSWORD} ký tự.", f"The password needs at least {MIN_PASSWORD} characters.", field="password"
        )
    if role in (CENTRE, CLERK) and not unit_code:
        raise InputError(
            "Tài khoản của trung tâm và của người nhập phiếu giấy cần mã đơn vị.",
            "An account of a centre or of a clerk who enters slips needs a unit code.",
            field="unit_code",
        )
    with writing() as session:
        if session.scalar(select(User).where(User.login == login.lower())):
            raise InputError(f"Tên đăng nhập {login} đã có.", f"The login {login} is taken.", field="login")
        session.add(
            User(
                login=login.lower(),
                name=name,
                role=role,
                unit_code=unit_code,
                simulated=simulated,
                password_hash=_hasher.hash(password),
                active=True,
            )
        )
        audit.record(session, "user.add", login.lower(), role=role, unit=unit_code)


def check_password(login: str, password: str, now: datetime) -> User | None:
    """The account, if login and password fit and it is neither locked nor switched off; counts failures."""
    with writing() as session:
        user = session.scalar(select(User).where(User.login == login.strip().lower()))
        try:
            fits = _hasher.verify(user.password_hash if user else _decoy, password) and user is not None
        except VerifyMismatchError:
            fits = False
        if user is None or (user.locked_until is not None and user.locked_until > now):
            return None
        if not fits:
            user.failed_logins += 1
            if user.failed_logins >= FAILURES_BEFORE_LOCK:
                user.locked_until, user.failed_logins = now + LOCK, 0
                audit.record(session, "user.lock", user.login, actor=user.login)
            return None
        user.failed_logins, user.locked_until = 0, None
        session.expunge(user)
        return user if user.active else None


def names(session: Session) -> dict[str, str]:
    """What people are called, by login, of everybody who ever had an account."""
    return {user.login: user.name for user in session.scalars(select(User))}


def end_sessions(login: str) -> None:
    """Make every session of an account worthless, wherever its cookie is."""
    with writing() as session:
        session.execute(update(User).where(User.login == login).values(session_stamp=new_stamp()))
