# isolated_apt WORK deb|deb-src: an apt of its own for the calling script: the host's mirror, Debian trixie, nothing installed, everything
# below the folder WORK. Exports APT_CONFIG, so that apt-get uses it from then on. Verified by Debian's signatures.
isolated_apt() {
  local work=$1 kind=$2 mirror
  mkdir -p "$work"/{etc/apt/{sources.list.d,preferences.d,apt.conf.d,trusted.gpg.d},lists/partial,cache/archives/partial,state}
  : > "$work/status"
  mirror=${DEBIAN_MIRROR:-$(sed -n 's/^URIs:[[:space:]]*//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)}
  mirror=${mirror:-$(awk '$1 == "deb" {for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) {print $i; exit}}' /etc/apt/sources.list)}
  echo "$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" > "$work/etc/apt/sources.list"
  cat > "$work/apt.conf" <<CONF
Dir::Etc "$work/etc/apt"; Dir::Etc::sourcelist "$work/etc/apt/sources.list"; Dir::Etc::sourceparts "$work/etc/apt/sources.list.d";
Dir::State "$work/state"; Dir::State::Lists "$work/lists"; Dir::State::status "$work/status"; Dir::Cache "$work/cache";
APT::Install-Recommends "0"; APT::Sandbox::User ""; Acquire::Languages "none"; Acquire::Retries "3";
CONF
  export APT_CONFIG=$work/apt.conf
  apt-get update -qq
}
