#!/bin/sh
# Starts palette (@TARGET@) with the Deno that lies beside it. Uses what the shell itself has, so
# that it also runs where PATH is empty; only a link to this file needs readlink.

fail() {
  printf 'Error: %s\nHint: %s\n' "$1" "$2" >&2
  exit 1
}

self=$0
case $self in
  */*) ;;
  *) [ -f "./$self" ] || self=$(command -v "$self") ;;
esac
while [ -h "$self" ]; do
  case $self in
    /* | ./* | ../*) ;;
    *) self=./$self ;;
  esac
  link=$(PATH=/usr/bin:/bin${PATH:+:$PATH} readlink "$self" 2>/dev/null)
  case $link in
    '') break ;;
    /*) self=$link ;;
    *) self=${self%/*}/$link ;;
  esac
done
case $self in
  /* | ./* | ../*) ;;
  *) self=./$self ;;
esac
here=${self%/*}

if ! [ -x "$here/lib/deno" ] || ! [ -r "$here/lib/palette.js" ]; then
  if [ -h "$self" ]; then
    fail "\"$self\" is a link, and there is no readlink to follow it" \
      "Start palette by the path of the file itself"
  fi
  fail "lib/deno and lib/palette.js are missing beside \"$self\"" \
    "Unpack the whole archive, and keep its files together"
fi

loader=@LOADER@
if [ -n "$loader" ] && ! [ -e "$loader" ]; then
  for musl in /lib/ld-musl-*; do
    if [ -e "$musl" ]; then
      fail "this palette needs the GNU C library (glibc); this system has musl, as Alpine does" \
        "Run it in a container of Debian, Ubuntu, Fedora or another system with glibc"
    fi
  done
  fail "this palette is for @TARGET@, and this system lacks its loader $loader" \
    "Take the archive for this system, or run it in a container with glibc"
fi

# Deno keeps compiled code, which makes every start several times faster. It lies with the program
# when that is ours to write; else in a workspace that is there already. Nobody else may write it:
# it is code that we run. With neither, palette just starts slower.
DENO_DIR=$here/lib/cache
folder=$DENO_DIR
[ -e "$folder" ] || folder=$here/lib
if ! [ -O "$folder" ] || ! [ -w "$folder" ]; then
  workspace=${PALETTE_WORKSPACE:-${HOME:+$HOME/.palette}}
  if [ -n "$workspace" ] && [ -d "$workspace" ] && [ -O "$workspace" ] && [ -w "$workspace" ]; then
    DENO_DIR=$workspace/cache/deno
  fi
fi

# What is meant for other programs on Deno and Node.js: it would stop this one, write files, send
# traces, or ask servers that nobody named (DENO_CONNECTED: jsr.io). Deno reads the user's .npmrc whatever it is told; a registry in the environment keeps one
# that cannot be used from stopping it, and is never asked for anything.
unset DENO_AUDIT_PERMISSIONS DENO_AUTH_TOKENS DENO_CACHE_LSC_ENDPOINT DENO_CONNECTED
unset DENO_COVERAGE_DIR DENO_INTERNAL_CHILD_ENTRYPOINT DENO_LOG DENO_NODE_TRACE_EVENT_CATEGORIES
unset DENO_PERMISSION_BROKER_PATH DENO_TRACE_PERMISSIONS DENO_V8_FLAGS NODE_CHANNEL_FD NODE_DEBUG
unset NODE_OPTIONS NODE_UNIQUE_ID OTEL_DENO
DENO_NO_PACKAGE_JSON=1 DENO_NO_UPDATE_CHECK=1 NPM_CONFIG_REGISTRY=https://registry.npmjs.org
export DENO_DIR DENO_NO_PACKAGE_JSON DENO_NO_UPDATE_CHECK NPM_CONFIG_REGISTRY

exec "$here/lib/deno" run --quiet --no-config --no-lock --no-remote --no-npm --no-prompt \
  @PERMISSIONS@ \
  "$here/lib/palette.js" "$@"
