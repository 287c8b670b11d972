#!/usr/bin/env bash
# Brings up what the Makefile needs, starting from Python 3.11 and nothing else. Everything stays inside the checkout.
#
#   scripts/bootstrap.sh env DIR REQUIREMENTS   make DIR from pinned, hashed REQUIREMENTS plus the project, editable
#   scripts/bootstrap.sh uv ARGS...             run uv under the same settings
#
# uv comes from PATH, or from .venv-tools where it is installed at the version and hashes of requirements/uv.txt.
# Packages come from wherever pip and uv are configured to take them: pip's settings are handed on to uv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=.venv-tools
log=$tools.log

step() { printf '[setup] %s\n' "$*" >&2; }

fail() {
    printf '[setup] error: %s\n' "$*" >&2
    exit 1
}

runs() { "$@" >/dev/null 2>&1; }

# The Python to build on: $PYTHON if set, else the version the project is tested with, else any newer one.
find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3.14 python3; do
        if runs "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            printf '%s' "$candidate"
            return
        fi
    done
    fail "Penstock needs Python 3.11 or newer and finds none. On Debian: apt-get install python3 python3-venv"
}

# Leaves uv at .venv-tools/bin/uv, or returns 1. Two ways, because Debian ships venv and pip as packages of their own.
install_uv() {
    local pinned=(-m pip install --quiet --disable-pip-version-check --only-binary :all:)
    pinned+=(--require-hashes -r requirements/uv.txt)
    rm -rf "$tools"
    if "$python" -m venv "$tools" && "$tools/bin/python" "${pinned[@]}"; then return 0; fi
    rm -rf "$tools"
    if "$python" "${pinned[@]}" --target "$tools"; then return 0; fi
    rm -rf "$tools"
    return 1
} >>"$log" 2>&1

lacks_pip() { ! runs "$python" -c 'import ensurepip' && ! runs "$python" -m pip --version; }

apt_install_venv() {
    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv
} >>"$log" 2>&1

ensure_uv() {
    local wanted
    uv=uv
    if runs uv --version; then return; fi
    uv=$PWD/$tools/bin/uv
    if runs "$uv" --version; then return; fi
    : >"$log"
    if lacks_pip && [ "$(id -u)" = 0 ] && runs apt-get --version; then
        step "python3-venv, with apt-get"
        apt_install_venv || tail -n 5 "$log" >&2
    fi
    if lacks_pip; then
        fail "uv, pip and venv are all missing. Install one (on Debian: apt-get install python3-venv) and try again."
    fi
    wanted=$(sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements/uv.txt)
    step "uv $wanted into $tools"
    if ! install_uv; then
        tail -n 20 "$log" >&2
        fail "uv $wanted could not be installed; see $log. With uv on PATH this step is skipped."
    fi
    rm -f "$log"
}

# One of pip's settings, by pip's own order: environment, then [install], then [global]. Empty where there is none.
pip_setting() {
    local section value
    for section in :env: install global; do
        value=$(sed -n "s/^$section\.$1='\(.*\)'\$/\1/p" <<<"$pip_settings")
        if [ -n "$value" ]; then
            printf '%s' "${value//\\n/ }"
            return
        fi
    done
}

# Sets an environment variable of uv's from a setting of pip's, unless the user has set that variable.
hand_on() {
    local value
    value=$(pip_setting "$1")
    if [ -n "$value" ] && [ -z "${!2+set}" ]; then export "$2=$value"; fi
}

# uv does not read pip's configuration. Whoever has pointed pip at a mirror means uv as well.
use_pip_settings() {
    local pip_python=$python
    if runs "$tools/bin/python" -m pip --version; then pip_python=$tools/bin/python; fi
    pip_settings=$("$pip_python" -m pip config list 2>/dev/null) || return 0
    if [ -z "${UV_INDEX_URL+set}" ]; then hand_on index-url UV_DEFAULT_INDEX; fi
    if [ -z "${UV_EXTRA_INDEX_URL+set}" ]; then hand_on extra-index-url UV_INDEX; fi
    hand_on find-links UV_FIND_LINKS
    hand_on trusted-host UV_INSECURE_HOST
    hand_on cert SSL_CERT_FILE
    hand_on timeout UV_HTTP_TIMEOUT
    hand_on default-timeout UV_HTTP_TIMEOUT
    if [ -n "${UV_FIND_LINKS:-}" ]; then UV_FIND_LINKS=${UV_FIND_LINKS// /,}; fi
    # Like pip, take a version from whichever index has it: the hashes decide what may be taken, not the index.
    export UV_INDEX_STRATEGY=${UV_INDEX_STRATEGY:-unsafe-best-match}
}

prepare() {
    python=$(find_python)
    if [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; then export UV_CACHE_DIR=${UV_CACHE_DIR:-$PWD/.uv-cache}; fi
    export UV_PYTHON_DOWNLOADS=never
    # Trust whom the machine trusts, as pip and git do: behind a company's proxy uv's built-in list is not enough.
    if [ -z "${UV_NATIVE_TLS+set}" ]; then export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}; fi
    ensure_uv
    use_pip_settings
}

make_environment() {
    local dir=$1 requirements=$2
    if ! runs "$dir/bin/python" -c ''; then
        step "$dir with $("$python" --version)"
        "$uv" venv --quiet --clear --python "$("$python" -c 'import sys; print(sys.executable)')" "$dir"
    fi
    step "packages pinned in $requirements, and penstock itself"
    "$uv" pip sync --quiet --require-hashes --python "$dir/bin/python" "$requirements"
    "$uv" pip install --quiet --no-deps --no-build-isolation --python "$dir/bin/python" --editable .
    compile_bytecode "$dir/bin/python"
}

# What nearly every command imports is compiled here, once: where Python may write no bytecode, as in many containers, each
# command would compile it again, which takes longer than most commands do.
compile_bytecode() {
    local packages
    packages=$("$1" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    "$1" -m compileall -q -j 0 src/penstock "$packages"/{attr,attrs,click,numpy,rapidfuzz,yaml} >/dev/null || true
}

case "${1:-}" in
    env)
        prepare
        make_environment "$2" "$3"
        ;;
    uv)
        prepare
        "$uv" "${@:2}"
        ;;
    *) fail "usage: scripts/bootstrap.sh env DIR REQUIREMENTS | uv ARGS..." ;;
esac
