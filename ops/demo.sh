#!/usr/bin/env bash
# The demonstration: its own settings, database and lake under var/demo; then web and worker until Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$PWD/var/demo
settings=$folder/settings.env
port=${PORT:-8000}
mkdir -p "$folder"
if [ ! -f "$settings" ]; then
  random() { .venv/bin/python -c 'import secrets; print(secrets.token_hex(32))'; }
  (
    umask 077
    {
      echo "TTHC_SECRET_KEY=$(random)"
      echo "TTHC_INVITATION_KEY=$(random)"
      echo "TTHC_ANSWER_KEY=$(random)"
      echo "TTHC_SPOOL_KEY=$(random)"
      echo "TTHC_APPLICANT_KEY=$(random)"
      echo "TTHC_DATA_DIR=$folder/data"
      echo "TTHC_SECURE_COOKIES=false"
    } >"$settings.new"
    mv "$settings.new" "$settings"
  )
fi
export TTHC_ENV_FILE=$settings TTHC_PUBLIC_URL=http://127.0.0.1:$port TTHC_WEB_PROCESSES=2
.venv/bin/flask --app app db upgrade
.venv/bin/flask --app app demo build
exec .venv/bin/flask --app app demo serve --port "$port"
