#!/usr/bin/env bash
# Builds images with podman and runs them, on Debian or Ubuntu, as root:
#   .ci/containers.sh project checker
# Nothing comes from a registry of images: the base is made of the packages of the system that this
# runs on, and imported under the name that the Dockerfile pins. Python packages come from where
# this machine's pip finds them. All of it lies in a folder that goes at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DEBIAN_FRONTEND=noninteractive
work=$(mktemp -d "${TMPDIR:-/tmp}/containers-XXXXXX")

main() {
  trap clean_up EXIT
  # In memory: dpkg and podman wait for the disk after every few files.
  mount --types tmpfs --options mode=0711,size=6g containers "$work"
  tools
  local image
  for image in "$@"; do
    "image_$image"
  done
}

# The image of a project that `checker new` makes, which is the one of steps 7 and 8 under another
# name: built as its Dockerfile says, run as it should be run.
image_project() {
  local context=$work/shop name=localhost/shop
  .venv/bin/python -m checker new "$context"
  say "hadolint"
  .venv/bin/hadolint "$context/Dockerfile"
  base "$(pinned PYTHON_IMAGE "$context/Dockerfile")"
  wheels "$context/requirements.lock"
  build "$name" "$context"
  expect "the user, by number" "10001:10001" "$(podman image inspect --format '{{.Config.User}}' "$name")"

  say "migrations, with a database in a file"
  mkdir "$work/data"
  chown 10001 "$work/data"
  local settings=(
    --env "SECRET_KEY=$(python3 -c 'import secrets; print(secrets.token_hex(32))')"
    --env DATABASE_URL=sqlite:////data/shop.db
    --volume "$work/data:/data"
  )
  run --rm --no-healthcheck "${settings[@]}" "$name" flask db upgrade

  say "gunicorn, until it is healthy"
  run --detach --name shop --health-interval disable "${settings[@]}" "$name" >/dev/null
  healthy shop
  expect "nobody is root" 10001 "$(podman exec shop id -u)"
  refused "the root is read-only" podman exec --user 0 shop touch /srv/shop/app/new
  refused "nothing of the course is in it" podman exec shop python -c "import checker"
  expect "what lies beside the app" "app deploy migrations wsgi.py" "$(podman exec shop ls -A | xargs)"
  say "SIGTERM"
  podman stop --time 20 shop >/dev/null
  expect "it ends by itself, and in time" 0 "$(podman inspect --format '{{.State.ExitCode}}' shop)"
}

# The image of the checker: a class is graded in it as docs/teach/grading.md says, each submission
# in a sandbox of its own.
image_checker() {
  local name=localhost/checker class=$work/class
  say "hadolint"
  .venv/bin/hadolint Dockerfile
  base "$(pinned PYTHON_IMAGE Dockerfile)"
  wheels requirements.lock
  build "$name" .
  expect "the user, by number" "10001:10001" "$(podman image inspect --format '{{.Config.User}}' "$name")"
  mkdir -p "$class/submissions"
  cp -R steps/01_architecture "$class/submissions/starter"
  .venv/bin/python - "$class/submissions/solution" <<'PYTHON'
import sys
from pathlib import Path
from checker.author.trees import solved, write_tree
from checker.course import Course
write_tree(solved(Course.load(Path.cwd()).steps[0]), Path(sys.argv[1]))
PYTHON
  chown -R 10001 "$class"
  local sandboxed=(
    --rm --memory 4g --pids-limit 2000 --volume "$class:/class"
    --security-opt seccomp=unconfined --security-opt unmask=ALL
  )
  say "a class of two"
  network=none run "${sandboxed[@]}" "$name" grade submissions --out report --step 1 --jobs 1
  expect "who got what, and in which sandbox" "solution 100 bwrap, starter 0 bwrap" \
    "$(.venv/bin/python - "$class/report/results.json" <<'PYTHON'
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    grades = json.load(file)["grades"]
print(", ".join(f"{g['student']} {g['score']} {g['provenance']['tier']}" for g in grades))
PYTHON
)"
}

# base NAME: the distribution that this machine runs, with Python as the official image has it:
# `python` is on the PATH, and can make virtual environments.
base() {
  say "a base for $1"
  if [[ ! -f $work/base.tar ]]; then
    local codename sources
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    # Where this machine has the distribution's packages from, and nobody else's.
    sources=$(grep -rlE "(Suites:|^deb ).*\b$codename\b" /etc/apt/sources.list \
      /etc/apt/sources.list.d/{debian,ubuntu}.sources 2>/dev/null || true)
    TMPDIR=$work mmdebstrap --quiet --variant=minbase --include=ca-certificates,python3,python3-venv \
      --aptopt='APT::Install-Recommends "false"' \
      --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
      --customize-hook='ln -s /usr/bin/python3 "$1/usr/local/bin/python"' \
      "$codename" "$work/base.tar" $sources
  fi
  podman import --quiet "$work/base.tar" "$1" >/dev/null
}

# wheels LOCK: what the lock names, for the base's Python, where pip of a build will look for it.
wheels() {
  say "wheels of $(basename "$(dirname "$1")")"
  local python # that .venv was made with: this one has pip
  python=$(.venv/bin/python -c 'import sys; print(sys._base_executable)')
  mkdir -p "$work/wheels"
  # pip judges markers by the Python it runs on, which may be a few patches ahead of the base's.
  .venv/bin/python - "$1" "$(python_of "$work/base.tar" full)" >"$work/requirements.lock" <<'PYTHON'
import re, sys
from pathlib import Path
from packaging.markers import Marker
environment = {"python_full_version": sys.argv[2], "python_version": sys.argv[2][:4]}
for entry in re.findall(r"^\S.*(?:\n[ ].*)*", Path(sys.argv[1]).read_text("utf-8"), re.MULTILINE):
    name, _, marker = entry.partition("\n")[0].removesuffix("\\").partition(";")
    if not name.startswith("#") and (not marker or Marker(marker).evaluate(environment)):
        print(name.strip(), entry.partition("\n")[2], sep=" \\\n")
PYTHON
  "$python" -m pip download -qq --disable-pip-version-check --require-hashes --no-deps \
    --only-binary=:all: --python-version "$(python_of "$work/base.tar" short)" \
    --requirement "$work/requirements.lock" --dest "$work/wheels"
  printf '[global]\nno-index = true\nfind-links = /wheels\ndisable-pip-version-check = true\n' >"$work/pip.conf"
}

# python_of TAR short|full: the version of its Python, such as 3.11, or 3.11.2.
python_of() {
  local short
  short=$(tar --list --file "$1" | sed -n 's|^\./usr/bin/python\(3\.[0-9]*\)$|\1|p')
  if [[ $2 == short ]]; then
    echo "$short"
  else
    tar --extract --to-stdout --file "$1" ./var/lib/dpkg/status |
      sed -n "/^Package: python$short\$/,/^\$/s/^Version: \([0-9.]*\).*/\1/p"
  fi
}

# build NAME CONTEXT [OPTION...]
build() {
  say "podman build $1"
  podman build --quiet --isolation chroot --format docker --network host --pull=never \
    --volume "$work/wheels:/wheels:ro" --volume "$work/pip.conf:/etc/pip.conf:ro" \
    --volume /etc/ssl/certs:/etc/ssl/certs:ro --tag "$1" "${@:3}" "$2"
}

# run ARGUMENT...: as a platform that trusts no image would run it; `network=none run …` without one.
run() {
  podman run --network "${network:-host}" --read-only --read-only-tmpfs=false --tmpfs /tmp --cap-drop all \
    --security-opt no-new-privileges --ulimit nofile=1024:4096 --ulimit nproc=1024:1024 "$@"
}

# healthy CONTAINER: its own health check says so within 30 seconds. There is no systemd to ask it.
healthy() {
  local try
  for try in {1..60}; do
    if podman healthcheck run "$1" >/dev/null 2>&1; then
      return
    fi
    sleep 0.5
  done
  podman logs "$1"
  fail "$1 does not get healthy: asked $try times"
}

# pinned ARG DOCKERFILE: the default of a build argument.
pinned() { sed -n "s/^ARG $1=//p" "$2"; }

expect() { [[ $2 == "$3" ]] || fail "$1: expected $2, got $3"; }
refused() { if "${@:2}" 2>/dev/null; then fail "$1: $(printf '%q ' "${@:2}") went well"; fi; }
fail() { printf 'FAILED %s\n' "$*" >&2; exit 1; }
say() { printf -- '-- %s (%d s)\n' "$*" "$SECONDS"; }

podman() {
  command podman --log-level fatal --root "$work/storage" --runroot "$work/run" --storage-driver overlay \
    --cgroup-manager cgroupfs --runtime runc "$@"
}

tools() {
  local packages=()
  # Files, not names: podman is a function, too, in here.
  type -P podman >/dev/null || packages+=(podman)
  type -P runc >/dev/null || packages+=(runc)
  type -P mmdebstrap >/dev/null || packages+=(mmdebstrap)
  if ((${#packages[@]})); then
    say "apt-get install ${packages[*]}"
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends "${packages[@]}" >/dev/null
  fi
}

clean_up() {
  podman rm --all --force >/dev/null 2>&1 || true
  podman unmount --all >/dev/null 2>&1 || true
  umount --recursive "$work" 2>/dev/null || true
  rmdir "$work"
}

main "$@"
