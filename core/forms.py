"""The log-in form."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length


class LoginForm(FlaskForm):  # type: ignore[misc]  # flask-wtf ships no types
    """Login and password."""

    login = StringField(_l("Tên đăng nhập"), validators=[InputRequired(), Length(max=64)])
    password = PasswordField(_l("Mật khẩu"), validators=[InputRequired(), Length(max=200)])
