#!/bin/sh
# Installs palette for one user from a release: a folder, or an address that holds its files.
# `--help` says how. Runs in any POSIX shell (dash, busybox) with the tools of busybox or of macOS.
#
# Nothing is put in place before its checksum, its signature if a key is given, its members and
# itself (`palette version`) were checked. Files lie under temporary names until then; renames come
# last, the one of PREFIX/bin/palette at the very end.
#
# All is in functions, called in the last line: a script that was cut off on its way does nothing.

set -eu

usage() {
  cat <<'END'
Usage: install.sh --from URL|FOLDER [--version VERSION] [--prefix FOLDER] [--public-key FILE]
       install.sh --uninstall [--prefix FOLDER]

Installs palette for you alone; root is not needed. --from is required, as there is no public place
of releases yet: it is the folder or the https address with SHA256SUMS and the archives.

  --from URL|FOLDER   Where the release lies. No other address is connected to: redirects are refused.
  --version VERSION   Which one, when there are several.
  --prefix FOLDER     Where to install; ~/.local by default. Takes FOLDER/bin, FOLDER/lib/palette and
                      completions and manual below FOLDER/share.
  --public-key FILE   Check the signature of SHA256SUMS with this key (PEM); needs openssl. Without
                      it the checksums guard against damage, not against who can change both.
  --allow-http        Take plain http from other hosts than this one, too, and https by the wget of
                      busybox, which does not check certificates.
  --uninstall         Remove what this script installed, and nothing else. ~/.palette stays.
  --help              Show this help.

An older version stays in use until the new one is in place, and goes then. Exit status: 0 done,
1 failed (nothing is installed or changed), 129, 130 or 143 stopped by a signal.
END
}

# fail MESSAGE [HINT]
fail() {
  printf 'Error: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf 'Hint: %s\n' "$2" >&2
  exit 1
}

say() { printf '%s\n' "$*" >&2; }

has() { command -v "$1" >/dev/null 2>&1; }

main() {
  # What users set for their own calls must not change these.
  unset TAR_OPTIONS GREP_OPTIONS CDPATH PALETTE_FORMAT
  export LC_ALL=C
  # Nobody else may write what is run, not even while it is being put in place.
  umask go-w
  from='' version='' prefix='' public_key='' allow_http=false uninstall=false
  stage='' child='' made='' made_above='' placing='' shell_pid=$$
  parse "$@"
  host=$(uname -n | tr -cd 'A-Za-z0-9-')
  # Names of what is not in place yet say who is at work on it: see sweep().
  mark=.palette-new.$shell_pid.$host
  lib=$prefix/lib/palette
  manifest=$lib/manifest
  if "$uninstall"; then
    remove_all
  else
    find_target
    check_source
    check_ours
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    install_release
  fi
}

parse() {
  while [ $# -gt 0 ]; do
    case $1 in
    --from=* | --version=* | --prefix=* | --public-key=*)
      option=${1%%=*} value=${1#*=}
      shift
      ;;
    --from | --version | --prefix | --public-key)
      [ $# -ge 2 ] || fail "option $1 takes a value" "See install.sh --help"
      option=$1 value=$2
      shift 2
      ;;
    --allow-http)
      allow_http=true
      shift
      continue
      ;;
    --uninstall)
      uninstall=true
      shift
      continue
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) fail "unknown option \"$1\"" "See install.sh --help" ;;
    esac
    [ -n "$value" ] || fail "option $option is empty" "See install.sh --help"
    case $option in
    --from) from=$value ;;
    --version) version=${value#v} ;;
    --prefix) prefix=$value ;;
    --public-key) public_key=$value ;;
    esac
  done
  if "$uninstall"; then
    [ -z "$from$version$public_key" ] || fail "--uninstall goes with --prefix alone"
  else
    [ -n "$from" ] ||
      fail "--from is missing" "Give the folder or the https address that holds SHA256SUMS"
  fi
  is_version "${version:-0}" || fail "\"$version\" is no version"
  if [ -z "$prefix" ]; then
    [ -n "${HOME:-}" ] || fail "HOME is not set" "Choose a folder with --prefix"
    prefix=$HOME/.local
  fi
  prefix=$(absolute "$prefix")
  case $prefix in
  *[[:cntrl:]]*) fail "the name of the prefix has control characters" "Choose another --prefix" ;;
  esac
}

is_version() {
  case $1 in
  [0-9]*) ;;
  *) return 1 ;;
  esac
  case $1 in
  *[!0-9A-Za-z.+-]*) return 1 ;;
  esac
}

# Path from the root on, without slashes at its end.
absolute() {
  path=$1
  case $path in
  /*) ;;
  *) path=$PWD/$path ;;
  esac
  while [ "$path" != "${path%/}" ]; do path=${path%/}; done
  printf '%s\n' "$path"
}

find_target() {
  system=$(uname -s)
  machine=$(uname -m)
  case $system in
  Linux) system=linux ;;
  Darwin) system=darwin ;;
  MINGW* | MSYS* | CYGWIN*)
    fail "this script does not install on Windows" "Run scripts/install.ps1 in PowerShell"
    ;;
  *) fail "there is no palette for $system" "There is one for Linux, macOS and Windows" ;;
  esac
  # A shell under Rosetta is told that the machine is an Intel one.
  if [ "$system" = darwin ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || :)" = 1 ]; then
    machine=arm64
  fi
  case $machine in
  x86_64 | amd64) arch=x64 loader=/lib64/ld-linux-x86-64.so.2 ;;
  aarch64 | arm64) arch=arm64 loader=/lib/ld-linux-aarch64.so.1 ;;
  *) fail "there is no palette for $system on $machine" "There is one for x86_64 and arm64" ;;
  esac
  [ "$system" = darwin ] || check_libc
  target=$system-$arch
}

# The runtime is built for the GNU C library.
check_libc() {
  hint="Use a system with glibc, such as Debian, Ubuntu, Fedora or RHEL, or a container of one"
  case $(ldd --version 2>&1 || :) in
  *musl*) fail "palette does not run on musl (Alpine): it needs the GNU C library" "$hint" ;;
  esac
  [ ! -e "$loader" ] || return 0
  for musl in /lib/ld-musl-*; do
    [ ! -e "$musl" ] ||
      fail "palette does not run on musl (Alpine): it needs the GNU C library" "$hint"
  done
  fail "palette needs the GNU C library, and \"$loader\" is not there" "$hint"
}

check_source() {
  plain="Use https, or take plain http knowingly with --allow-http"
  scheme=''
  case $from in
  http://* | https://*)
    scheme=${from%%://*}
    case $from in
    *[[:cntrl:]\ \?#\\]*)
      fail "cannot install from \"$from\": an address without query and spaces is wanted"
      ;;
    esac
    while [ "$from" != "${from%/}" ]; do from=${from%/}; done
    ;;
  *://*) fail "cannot install from \"$from\": neither a folder nor an https address" ;;
  *)
    from=$(absolute "$from")
    [ -d "$from" ] || fail "cannot install from \"$from\": no such folder"
    ;;
  esac
  if [ "$scheme" = http ] && ! "$allow_http"; then
    authority=${from#http://}
    case ${authority%%/*} in
    *@*) fail "cannot install from \"$from\": plain http" "$plain" ;;
    localhost | localhost:* | 127.0.0.1 | 127.0.0.1:* | "[::1]" | "[::1]:"*) ;;
    *) fail "cannot install from \"$from\": plain http" "$plain" ;;
    esac
  fi
  if [ -n "$scheme" ]; then find_client; fi
  if [ -n "$public_key" ]; then
    public_key=$(absolute "$public_key")
    [ -r "$public_key" ] || fail "cannot read the public key \"$public_key\""
    has openssl || fail "cannot check the signature: openssl is not installed" \
      "Install openssl; without --public-key the signature is not checked"
  fi
  has sha256sum || has shasum || has openssl ||
    fail "cannot check checksums: neither sha256sum nor shasum nor openssl is installed"
}

find_client() {
  if has curl; then
    client=curl
  elif has wget; then
    client=wget
    case $(wget --help 2>&1 || :) in
    *BusyBox*) client=busybox ;;
    esac
  else
    fail "cannot download: neither curl nor wget is installed" \
      "Carry the files of the release here and give their folder with --from"
  fi
  if [ "$client$scheme$public_key" = busyboxhttps ] && ! "$allow_http"; then
    fail "the wget of busybox does not check certificates" \
      "Check the signature with --public-key, install curl, or use --allow-http"
  fi
}

# A palette of somebody else is not replaced.
check_ours() {
  ! is_foreign bin/palette ||
    fail "\"$prefix/bin/palette\" is there and was not installed by this script" \
      "Remove it, or choose another folder with --prefix"
}

is_foreign() {
  [ -e "$prefix/$1" ] || [ -L "$prefix/$1" ] || return 1
  [ ! -d "$prefix/$1" ] || return 0
  ! { [ -f "$manifest" ] && grep -Fqx -e "$1" "$manifest"; }
}

install_release() {
  make_above "$prefix"
  make_folder lib/palette
  sweep
  stage=$lib/$mark
  # Of this process, as its number is in the name: what is there is left over of a killed one.
  rm -rf "$stage"
  reason=$(mkdir "$stage" 2>&1) || cannot create "$stage"
  get_sums
  find_archive
  get_archive
  check_members
  unpack
  try_out
  prepare
  put_in_place
  say_done
}

get_sums() {
  get SHA256SUMS || fail "cannot get \"$from/SHA256SUMS\": $reason" "Does --from name a release?"
  if [ -z "$public_key" ]; then
    say "Note: the signature is not checked (--public-key)"
    return
  fi
  get SHA256SUMS.sig || fail "the release is not signed: cannot get \"$from/SHA256SUMS.sig\": $reason"
  run /dev/null /dev/null openssl dgst -sha256 -verify "$public_key" \
    -signature "$stage/SHA256SUMS.sig" "$stage/SHA256SUMS" ||
    fail "the signature of \"$from/SHA256SUMS\" is not one of \"$public_key\"" \
      "Get the release again, and the key from where you trust it"
}

# Finds the archive of the platform and its checksum among the sums.
find_archive() {
  versions='' sum=''
  while read -r digest name rest || [ -n "$digest" ]; do
    name=${name#\*}
    case $name in
    palette-*-"$target".tar.gz) ;;
    *) continue ;;
    esac
    found=${name#palette-}
    found=${found%-"$target".tar.gz}
    if ! is_version "$found" || ! is_digest "$digest" || [ -n "$rest" ]; then
      fail "\"$from/SHA256SUMS\" is not well formed"
    fi
    [ -z "$version" ] || [ "$version" = "$found" ] || continue
    versions="$versions $found" sum=$digest
  done <"$stage/SHA256SUMS"
  case $versions in
  '') fail "\"$from\" has no palette${version:+ $version} for $target" ;;
  ' '*' '*) fail "\"$from\" has several versions for $target:$versions" "Choose one with --version" ;;
  esac
  version=${versions# }
  top=palette-$version-$target
  archive=$top.tar.gz
  # Two builds of one version do not share a folder, so one is never replaced while it is in use.
  id=$version-${sum%"${sum#????????????}"}
}

is_digest() {
  [ ${#1} -eq 64 ] || return 1
  case $1 in
  *[!0-9a-f]*) return 1 ;;
  esac
}

get_archive() {
  [ -z "$scheme" ] || say "Downloading $from/$archive"
  get "$archive" || fail "cannot get \"$from/$archive\": $reason" \
    "Is the release all there, and is there space?"
  archive=$stage/$archive
  if has sha256sum; then
    run "$archive" "$stage/sum" sha256sum
  elif has shasum; then
    run "$archive" "$stage/sum" shasum -a 256
  else
    run "$archive" "$stage/sum" openssl dgst -sha256 -r
  fi || cannot read "$archive"
  read -r actual rest <"$stage/sum" || :
  [ "$actual" = "$sum" ] ||
    fail "\"$from/$top.tar.gz\" is damaged: its SHA-256 is $actual, not $sum" "Get the release again"
}

# get NAME: brings a file of the release into the stage; else there is a reason.
get() {
  case $scheme in
  '')
    [ -f "$from/$1" ] || {
      reason="no such file"
      return 1
    }
    run /dev/null /dev/null cp "$from/$1" "$stage/$1" || has_reason
    ;;
  *) download "$from/$1" "$stage/$1" || has_reason ;;
  esac
}

download() {
  case $client in
  curl)
    run /dev/null /dev/null curl --fail --silent --show-error --globoff --proto "=$scheme" \
      --location --max-redirs 0 --connect-timeout 30 --speed-limit 1 --speed-time 60 \
      --output "$2" "$1"
    ;;
  wget)
    run /dev/null /dev/null wget -nv --max-redirect=0 --tries=2 --timeout=60 -O "$2" "$1"
    ;;
  busybox)
    # Without a limit of time: -T ends some builds of busybox 1.35 with a fault.
    run /dev/null /dev/null wget -q -S -O "$2" "$1" || return 1
    # It cannot be told to stay where it is; what it was led to is not taken at least.
    ! grep -q '^ *HTTP/[0-9.]* 3' "$stage/said" || {
      printf 'redirected to another address\n' >"$stage/said"
      return 1
    }
    ;;
  esac
}

# All members lie in the one folder, and are plain files and folders: nothing can be written outside.
check_members() {
  run "$archive" "$stage/names" tar -tzf - || cannot read "$archive"
  run "$archive" "$stage/listing" tar -tvzf - || cannot read "$archive"
  while IFS= read -r name; do
    case $name in
    "$top" | "$top"/*) ;;
    *) refuse_member "$name" ;;
    esac
    case /$name/ in
    */../* | *[!A-Za-z0-9._/+-]*) refuse_member "$name" ;;
    esac
  done <"$stage/names"
  while IFS= read -r line; do
    case $line in
    *' -> '* | *' link to '*) refuse_member "$line" ;;
    -* | d*) ;;
    *) refuse_member "$line" ;;
    esac
  done <"$stage/listing"
}

refuse_member() {
  fail "the archive has a member that it must not have: \"$(printable "$1")\"" \
    "It is not as it was built; do not use this release"
}

unpack() {
  mkdir "$stage/unpacked" || cannot create "$stage/unpacked"
  # As the caller, also when that is root: owners of the archive mean nothing here.
  run "$archive" /dev/null tar -xzof - -C "$stage/unpacked" || cannot unpack "$archive"
  chmod -R u+rwX,go-w,a-s "$stage/unpacked"
  others=$(find "$stage/unpacked" ! -type f ! -type d)
  [ -z "$others" ] || refuse_member "$others"
  rm -f "$archive"
  [ -d "$stage/unpacked/$top" ] || fail "the archive is empty" "Get another release"
  # Its name in place; `mv` cannot put it into another folder of that name then.
  mv "$stage/unpacked/$top" "$stage/unpacked/$id"
  for name in palette lib/deno lib/palette.js; do
    [ -f "$stage/unpacked/$id/$name" ] || fail "the archive has no \"$name\"" "Get another release"
  done
}

# Runs the program where it was unpacked.
try_out() {
  run /dev/null "$stage/answer" "$stage/unpacked/$id/palette" version || {
    has_reason || fail "palette $version does not run here: $reason"
  }
  read -r answer <"$stage/answer" || answer=''
  [ "${answer##* }" = "$version" ] ||
    fail "the archive holds palette \"$(printable "${answer##* }")\", not $version" "Get another release"
}

# Writes everything that can fail for want of space or permission, under temporary names.
prepare() {
  : >"$stage/files"
  : >"$stage/folders"
  wrapper >"$stage/palette"
  chmod 755 "$stage/palette"
  # In its order things are put in place: what makes it all visible comes last.
  plan_page "$stage/unpacked/$id/completions/palette.bash" share/bash-completion/completions palette
  plan_page "$stage/unpacked/$id/completions/_palette" share/zsh/site-functions _palette
  plan_page "$stage/unpacked/$id/completions/palette.fish" share/fish/vendor_completions.d palette.fish
  for page in "$stage/unpacked/$id/man/man1"/*.1; do
    plan_page "$page" share/man/man1 "${page##*/}"
  done
  check_ours
  plan "$stage/palette" bin palette
  write_manifests
}

# plan_page SOURCE FOLDER NAME: what others put there stays.
plan_page() {
  [ -f "$1" ] || return 0
  if is_foreign "$2/$3"; then
    say "Note: \"$prefix/$2/$3\" was not installed by this script and stays"
  else
    plan "$1" "$2" "$3"
  fi
}

# plan SOURCE FOLDER NAME
plan() {
  make_folder "$2"
  # Known before it is there, so that it goes when the copy ends half way.
  placing="$placing$2/$mark.$3
"
  reason=$(cp "$1" "$prefix/$2/$mark.$3" 2>&1) || cannot write "$prefix/$2/$3"
  printf '%s\n' "$2/$3" >>"$stage/files"
}

wrapper() {
  quoted=$(printf '%s\n' "$lib/$id/palette" | sed "s/'/'\\\\''/g")
  printf '#!/bin/sh\n# Runs palette; written by its install.sh\nexec '\''%s'\'' "$@"\n' "$quoted"
}

# The manifest says what --uninstall removes. While things are put in place it names the old and the
# new files, so that a killed run can be cleaned up.
write_manifests() {
  {
    printf '# palette %s\n' "$version"
    cat "$stage/files"
    # As a whole: the program keeps compiled code in it.
    printf 'lib/palette/%s/\n' "$id"
    printf '%s' "$made"
    [ -z "$made_above" ] || printf './\n'
  } >"$stage/manifest.new"
  if [ -f "$manifest" ]; then
    # Folders of an earlier run are still ours to remove when they are empty.
    grep '/$' "$manifest" | grep -v '^lib/palette/.' >"$stage/old.folders" || :
    grep -Fvx -f "$stage/manifest.new" "$stage/old.folders" >"$stage/more.folders" || :
    cat "$stage/more.folders" >>"$stage/manifest.new"
    cat "$stage/manifest.new" "$manifest" >"$stage/manifest.both"
    cp "$manifest" "$stage/manifest.old"
    grep -Fvx -f "$stage/manifest.new" "$manifest" >"$stage/old" || :
  else
    cp "$stage/manifest.new" "$stage/manifest.both"
    : >"$stage/old"
  fi
}

# Renames only, none of which a signal ends half way.
put_in_place() {
  trap '' HUP INT TERM
  mv -f "$stage/manifest.both" "$manifest" || cannot write "$manifest"
  if [ -e "$lib/$id" ]; then
    if is_whole "$lib/$id"; then
      rm -rf "$stage/unpacked/$id"
    else
      mv "$lib/$id" "$stage/damaged" || undo
    fi
  fi
  if [ ! -e "$lib/$id" ]; then mv "$stage/unpacked/$id" "$lib/" || undo; fi
  while IFS= read -r file; do
    mv -f "$prefix/${file%/*}/$mark.${file##*/}" "$prefix/$file" || undo
  done <"$stage/files"
  placing='' made='' made_above=''
  # While a list still names it: what a killed run leaves of it goes with the next one.
  remove_listed "$stage/old" || :
  mv -f "$stage/manifest.new" "$manifest" || cannot write "$manifest"
}

# The same build, with nothing of it changed or missing; there may be compiled code beside it.
is_whole() {
  find "$stage/unpacked/$id" -type f >"$stage/found"
  while IFS= read -r file; do
    cmp -s "$file" "$1/${file#"$stage/unpacked/$id/"}" || return 1
  done <"$stage/found"
  [ -x "$1/palette" ] && [ -x "$1/lib/deno" ]
}

# A rename that failed all the same: what is in use stays in use, what is new goes.
undo() {
  if [ -f "$stage/manifest.old" ]; then
    [ -e "$lib/$id" ] || [ ! -e "$stage/damaged" ] || mv "$stage/damaged" "$lib/$id"
    grep -Fvx -f "$stage/manifest.old" "$stage/manifest.new" >"$stage/old" || :
    remove_listed "$stage/old" || :
    mv -f "$stage/manifest.old" "$manifest"
  else
    remove_listed "$stage/manifest.new" || :
    rm -f "$manifest"
  fi
  fail "cannot put palette $version in place below \"$prefix\""
}

say_done() {
  printf 'Installed palette %s (%s): %s\n' "$version" "$target" "$prefix/bin/palette"
  case :${PATH:-}: in
  *:"$prefix/bin":*) ;;
  *) say "Hint: \"$prefix/bin\" is not on PATH; add it in the profile of your shell" ;;
  esac
}

# Whatever ends the run, nothing half done stays; a process that is killed is swept by the next run.
clean_up() {
  trap '' HUP INT TERM
  if [ -n "$child" ]; then
    kill "$child" 2>/dev/null || :
    wait "$child" 2>/dev/null || :
  fi
  printf '%s' "$placing" | while IFS= read -r file; do rm -f "$prefix/$file"; done
  [ -z "$stage" ] || rm -rf "$stage"
  printf '%s' "$made" | while IFS= read -r folder; do
    rmdir "$prefix/${folder%/}" 2>/dev/null || :
  done
  printf '%s' "$made_above" | while IFS= read -r folder; do rmdir "$folder" 2>/dev/null || :; done
}

# Takes away what killed runs on this machine left.
sweep() {
  for folder in lib/palette bin share/bash-completion/completions share/zsh/site-functions \
    share/fish/vendor_completions.d share/man/man1; do
    for left in "$prefix/$folder"/.palette-new.*; do
      [ -e "$left" ] || continue
      name=${left##*/.palette-new.}
      pid=${name%%.*}
      name=${name#*.}
      [ "${name%%.*}" = "$host" ] || continue
      if [ "$pid" != "$shell_pid" ] && kill -0 "$pid" 2>/dev/null; then continue; fi
      # A program that the killed run had started may write there for a moment yet.
      rm -rf "$left" 2>/dev/null || { sleep 1 && rm -rf "$left" 2>/dev/null; } || :
    done
  done
}

remove_all() {
  [ -d "$lib" ] && sweep
  [ -f "$manifest" ] ||
    fail "this script has installed no palette below \"$prefix\"" "Name its folder with --prefix"
  read -r _ _ version <"$manifest" || :
  # First what runs it, last what knows the rest: a run that was stopped can be repeated.
  rm -f "$prefix/bin/palette" || fail "cannot remove \"$prefix/bin/palette\""
  remove_listed "$manifest" || fail "not everything could be removed" "Run it again"
  folders=$(grep '/$' "$manifest" || :)
  rm -f "$manifest"
  # They were not empty while the manifest was there.
  printf '%s\n' "$folders" | while IFS= read -r folder; do
    ! is_safe "$folder" || remove_folder "$folder"
  done
  printf 'Removed palette %s from %s\n' "$version" "$prefix"
  say "Note: configuration and logs stay in ~/.palette; remove that folder yourself if you want to"
}

# remove_listed FILE: removes files, folders of versions, and other folders that are empty then.
remove_listed() {
  is_removed=true
  while IFS= read -r line; do
    is_safe "$line" || continue
    case $line in
    lib/palette/[0-9]*-????????????/) rm -rf "${prefix:?}/${line%/}" || is_removed=false ;;
    */) remove_folder "$line" ;;
    *) rm -f "$prefix/$line" || is_removed=false ;;
    esac
  done <"$1"
  "$is_removed"
}

# remove_folder LINE: if it is empty; `./` is the prefix.
remove_folder() {
  folder=$prefix/${1%/}
  rmdir "${folder%/.}" 2>/dev/null || :
}

# A line of a manifest that names something below the prefix.
is_safe() {
  case /$1/ in
  */../* | *[!A-Za-z0-9._/+-]* | //*) return 1 ;;
  esac
}

# make_folder PATH: with those above it, below the prefix.
make_folder() {
  [ ! -d "$prefix/$1" ] || return 0
  case $1 in
  */*) make_folder "${1%/*}" ;;
  esac
  # Noted before it is made: a signal may come between the two.
  made="$1/
$made"
  reason=$(mkdir "$prefix/$1" 2>&1) || [ -d "$prefix/$1" ] || cannot create "$prefix/$1"
}

# make_above PATH: the prefix, and what it lies in.
make_above() {
  [ ! -d "${1:-/}" ] || return 0
  make_above "${1%/*}"
  made_above="$1
$made_above"
  reason=$(mkdir "$1" 2>&1) || [ -d "$1" ] || cannot create "$1"
}

# run INPUT OUTPUT COMMAND...: in the background, so that a signal need not wait for its end.
run() {
  input=$1 output=$2 reason=''
  shift 2
  "$@" <"$input" >"$output" 2>"$stage/said" &
  child=$!
  status=0
  wait "$child" || status=$?
  child=''
  return "$status"
}

# The last that a command said; false, as what failed goes on to fail.
has_reason() {
  reason=$(tail -n 1 "$stage/said" 2>/dev/null || :)
  reason=$(printable "${reason#*: }")
  # On a full disk there is no room for what a command says either.
  [ -n "$reason" ] || [ ! -s "$stage/SHA256SUMS" ] ||
    reason=$(cp "$stage/SHA256SUMS" "$stage/probe" 2>&1) || reason=${reason##*: }
  [ -n "$reason" ] || reason="it ended with status $status"
  return 1
}

# cannot VERB PATH: fails with what the command said.
cannot() {
  if [ -z "${reason:-}" ]; then has_reason || :; fi
  reason=$(printable "$reason")
  fail "cannot $1 \"$2\": ${reason##*: }" "${3:-Is there space, and may you write there?}"
}

printable() { printf '%s' "$1" | tr -d '\000-\037\177'; }

main "$@"
