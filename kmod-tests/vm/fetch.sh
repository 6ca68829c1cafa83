# SPDX-License-Identifier: MIT
# Sourced by run: Debian's kernels, fetched and kept.
#
# apt does the fetching, from the mirrors which this machine is configured for, but with a state,
# a cache and a list of sources of our own. So it checks signatures and sums as always, and the
# machine's package lists stay as they are. A kernel, once kept, is used without the network:
#
#	$VM_CACHE/NAME/vmlinuz, release, version, lib/modules/RELEASE
# shellcheck shell=bash disable=SC2015 # a && b || die is meant

VM_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/libktls/kernels
VM_KERNELS="6.1 6.12 newest"
VM_FETCH_MB=500 # needed while a kernel is fetched: lists, packages, unpacked

# vm_kernel_suites NAME: the suites that carry this kernel, and how its version begins.
vm_kernel_suites()
{
	case $1 in
	6.1)	echo "6.1. bookworm bookworm-security" ;;
	6.12)	echo "6.12. trixie trixie-security" ;;
	newest)	echo "- sid trixie-backports" ;;
	*)	vm_refuse "there is no kernel named '$1': one of $VM_KERNELS" ;;
	esac
}

# vm_mirror archive|security: the URI of Debian's archive that this machine's apt uses. Before the
# first apt-get update apt knows no origins; then the names of suites decide.
vm_mirror()
{
	# shellcheck disable=SC2016 # apt expands these
	{
		apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(ORIGIN)'
		apt-get indextargets --no-release-info --format '$(REPO_URI)|$(RELEASE)|?'
	} |
	awk -F'|' -v want="$1" '
		$3 == "?" && $2 !~ /^(bullseye|bookworm|trixie|forky|sid|(old)?stable|testing|unstable)(-|$)/ { next }
		$3 != "?" && $3 != "Debian" { next }
		want == ($2 ~ /-security$/ ? "security" : "archive") { print $1; exit }'
}

vm_keyring()
{
	local f

	for f in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
		[ -r "$f" ] && echo "$f" && return
	done
	vm_unavailable "the keys of Debian's archive are missing: sudo apt-get install debian-archive-keyring"
}

# vm_sources SUITE...: a deb822 list of sources for them.
vm_sources()
{
	local archive security keyring suite uri

	archive=${KTLS_VM_MIRROR:-$(vm_mirror archive)}
	security=${KTLS_VM_SECURITY_MIRROR:-$(vm_mirror security)}
	keyring=$(vm_keyring) || exit
	[ -n "$archive" ] ||
		vm_unavailable "apt on this machine has no Debian mirror: set KTLS_VM_MIRROR to the URI of one"
	for suite; do
		uri=$archive
		case $suite in
		*-security) uri=$security ;;
		esac
		[ -z "$uri" ] ||
			printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n\n' \
				"$uri" "$suite" "$keyring"
	done
}

# vm_apt DIR PROGRAM ARG...: apt with everything of its own in DIR.
vm_apt()
{
	local dir=$1 program=$2

	shift 2
	"$program" -q \
		-o Dir::State="$dir/state" -o Dir::State::status=/dev/null \
		-o Dir::Cache="$dir/cache" -o Dir::Etc::sourcelist="$dir/debian.sources" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferences=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null -o APT::Sandbox::User=root \
		-o APT::Architecture=amd64 -o APT::Architectures=amd64 \
		-o Acquire::Languages=none -o Acquire::GzipIndexes=true \
		-o Acquire::Retries=3 -o Acquire::http::Timeout=20 "$@"
}

# vm_newest_version DIR PREFIX: of the metapackage.
vm_newest_version()
{
	vm_apt "$1" apt-cache madison linux-image-cloud-amd64 2>/dev/null |
		awk -F' *[|] *' '{ print $2 }' |
		awk -v p="${2#-}" 'index($0, p) == 1' | sort -V | tail -n 1
}

# vm_kernel_packages DIR PACKAGE VERSION: what the metapackage needs of the kernel's own packages
# (one until 6.12; image, binary, modules and base in the 7 series).
vm_kernel_packages()
{
	local p

	vm_apt "$1" apt-cache show "$2=$3" | sed -n 's/^Depends: //p' | tr ',' '\n' |
	awk '$1 ~ /^linux-(image|binary|modules|base)-[0-9].*-cloud-amd64$/ { print $1 }' |
	while read -r p; do
		echo "$p=$3"
		vm_kernel_packages "$1" "$p" "$3"
	done
}

# vm_unpack DIR: the packages in DIR/debs become DIR/kernel, laid out as the cache is.
vm_unpack()
{
	local deb from release

	for deb in "$1"/debs/*.deb; do
		dpkg-deb -x "$deb" "$1/root" || return
	done
	mkdir -p "$1/kernel/lib/modules"
	for from in "$1"/root/lib/modules/* "$1"/root/usr/lib/modules/*; do
		[ -d "$from/kernel" ] || continue
		release=${from##*/}
		mv "$from" "$1/kernel/lib/modules/" || return
	done
	[ -n "$release" ] || return
	for from in "$1/root/boot/vmlinuz-$release" "$1/kernel/lib/modules/$release/vmlinuz"; do
		[ ! -e "$from" ] || mv "$from" "$1/kernel/vmlinuz" || return
	done
	echo "$release" >"$1/kernel/release"
	[ -e "$1/kernel/vmlinuz" ] && depmod -b "$1/kernel" "$release"
}

# vm_download DIR NAME PREFIX: gets the newest packages into DIR/debs.
vm_download()
{
	local version packages size log=$1/apt.log

	mkdir -p "$1/state/lists/partial" "$1/cache/archives/partial" "$1/debs"
	vm_say "kernel $2: reading the mirror's package lists (about 12 MB)"
	vm_apt "$1" apt-get update >"$log" 2>&1
	version=$(vm_newest_version "$1" "$3")
	if [ -z "$version" ]; then
		sed -n 's/^[EW]: /vm:   apt: /p' "$log" | head -n 4 >&2
		vm_unavailable "kernel $2 is not to be had from this machine's mirror: look at the network, at apt's proxy and sources, or set KTLS_VM_MIRROR and KTLS_VM_SECURITY_MIRROR"
	fi
	packages=$(vm_kernel_packages "$1" linux-image-cloud-amd64 "$version" | sort -u)
	# shellcheck disable=SC2086 # a list
	size=$(cd "$1/debs" && vm_apt "$1" apt-get --print-uris download $packages 2>/dev/null |
		awk '{ sum += $3 } END { printf "%.0f", sum / 1e6 }')
	vm_say "kernel $2: fetching Debian's $version ($size MB)"
	# shellcheck disable=SC2086
	if ! (cd "$1/debs" && vm_apt "$1" apt-get download $packages) >"$log" 2>&1; then
		sed -n 's/^[EW]: /vm:   apt: /p' "$log" | head -n 4 >&2
		vm_unavailable "kernel $2 could not be fetched: see apt's words above"
	fi
	echo "$version" >"$1/version"
}

# vm_fetch NAME UPDATE: makes sure that the kernel is kept; UPDATE=1 looks for a newer one.
vm_fetch()
{
	local suites dest=$VM_CACHE/$1 tmp

	suites=$(vm_kernel_suites "$1") || exit
	mkdir -p "$VM_CACHE" 2>/dev/null && [ -w "$VM_CACHE" ] ||
		vm_unavailable "$VM_CACHE can't be written: set XDG_CACHE_HOME to a place that can"
	[ -e "$dest/release" ] && [ "$2" = 0 ] && return
	vm_need apt-get "apt (kernels are fetched with it: Debian and Ubuntu only)"
	vm_need dpkg-deb dpkg
	vm_need depmod kmod
	vm_lock "$VM_CACHE/$1.lock" "fetching kernel $1"
	if [ ! -e "$dest/release" ] || [ "$2" = 1 ]; then
		vm_need_space "$VM_CACHE" $VM_FETCH_MB XDG_CACHE_HOME
		tmp=$(mktemp -d "$VM_CACHE/.fetch.XXXXXX") || exit "$VM_UNAVAILABLE"
		# In a subshell, so that the half-fetched is removed however it ends.
		(
			trap 'rm -rf "$tmp"' EXIT
			trap 'exit 130' INT TERM HUP
			# shellcheck disable=SC2086 # a list
			vm_sources ${suites#* } >"$tmp/debian.sources" || exit
			vm_download "$tmp" "$1" "${suites%% *}"
			vm_unpack "$tmp" ||
				vm_unavailable "kernel $1: Debian's packages are not laid out as expected; kmod-tests/vm/fetch.sh must learn it"
			mv "$tmp/version" "$tmp/kernel/"
			[ ! -e "$dest" ] || mv "$dest" "$tmp/old"
			mv "$tmp/kernel" "$dest"
		) || exit
	fi
	vm_unlock
}

# vm_status: what is kept.
vm_status()
{
	local k d

	for k in $VM_KERNELS; do
		d=$VM_CACHE/$k
		if [ -e "$d/release" ]; then
			printf '%-7s %-28s %s, %s\n' "$k" "$(cat "$d/release")" \
				"Debian's $(cat "$d/version")" "$(du -sh "$d" | cut -f1) in $d"
		else
			printf '%-7s not fetched (kmod-tests/vm/run --fetch --kernel %s)\n' "$k" "$k"
		fi
	done
}
