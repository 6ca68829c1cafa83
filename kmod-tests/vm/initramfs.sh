# SPDX-License-Identifier: MIT
# Sourced by run: what the guest's root holds. Two archives, which the kernel unpacks one over the
# other: the base (shell, busybox, modules), kept per kernel, and what this run brings.
# Uncompressed: unpacking costs more under emulation than reading a few MB.
# shellcheck shell=bash disable=SC2015 # a && b || die is meant

VM_HOST_PROGRAMS="dash env setsid timeout xargs"

# vm_archive ROOT: as a cpio archive that belongs to root.
vm_archive()
{
	(cd "$1" && find . -print0 | busybox cpio -o -0 -H newc -R 0:0)
}

# vm_guest_path PATH: where a host's file lies in the guest: at the same place, but there
# /bin, /lib and their like are links into /usr.
vm_guest_path()
{
	local p

	p=$(realpath -ms -- "$1")
	case $p in
	/bin/* | /sbin/* | /lib/* | /lib64/*) p=/usr$p ;;
	esac
	printf '%s\n' "$p"
}

# vm_is_elf FILE
vm_is_elf()
{
	[ "$(head -c 4 -- "$1" 2>/dev/null | tr -d '\0')" = $'\177ELF' ]
}

# vm_add_libraries ROOT FILE: what ldd names, itself recursive.
vm_add_libraries()
{
	local lib to

	vm_is_elf "$2" || return 0
	while read -r lib; do
		case $lib in
		/*) ;;
		*) vm_refuse "$2 needs ${lib}, which this machine does not have" ;;
		esac
		to=$1$(vm_guest_path "$lib")
		[ -e "$to" ] || install -D -m 755 -- "$lib" "$to" || exit "$VM_UNAVAILABLE"
	done < <(ldd "$2" 2>/dev/null |
		awk '/=> not found/ { print $1 } /=> \// { print $3 } $1 ~ /^\// { print $1 }')
}

# vm_add_interpreter ROOT FILE: of a script that wants another than the guest's own shell.
vm_add_interpreter()
{
	local line word

	IFS= read -r line < <(head -c 200 -- "$2" | tr -d '\0')
	case $line in
	'#!'*) ;;
	*) return 0 ;;
	esac
	read -r word line <<<"${line#\#!}"
	case $word in
	*/env) word=${line%% *} ;;
	esac
	[ "$word" = /bin/sh ] || [ -z "$word" ] || vm_add_program "$1" "$word"
}

# vm_add_file ROOT HOSTPATH GUESTPATH
vm_add_file()
{
	[ -r "$2" ] || vm_refuse "$2 can't be read"
	[ -f "$2" ] || vm_refuse "$2 is not a file: a folder is brought by --dir"
	case $3 in
	/dev/* | /proc/* | /sys/*) vm_refuse "$2 can't lie at $3 in the guest: name another place, --file $2:PATH" ;;
	esac
	mkdir -p -- "$1${3%/*}" && cp -L --preserve=mode,timestamps -- "$2" "$1$3" ||
		vm_unavailable "no space: $2 could not be copied to ${TMPDIR:-/tmp}; free some, or set TMPDIR"
	vm_add_libraries "$1" "$2"
	[ ! -x "$2" ] || vm_add_interpreter "$1" "$2"
}

# vm_add_dir ROOT HOSTDIR GUESTDIR
vm_add_dir()
{
	local f

	[ -d "$2" ] || vm_refuse "$2 is not a folder"
	mkdir -p -- "$1$3" && cp -a --no-preserve=ownership -- "$2/." "$1$3/" ||
		vm_unavailable "no space: $2 could not be copied to ${TMPDIR:-/tmp}; free some, or set TMPDIR"
	while IFS= read -r -d '' f; do
		vm_add_libraries "$1" "$f"
	done < <(find "$2" -type f -perm /111 -print0)
}

# vm_add_program ROOT NAME: a program of the host's, by name or path.
vm_add_program()
{
	local path

	path=$(command -v -- "$2") && [ -f "$path" ] ||
		vm_refuse "$2 is not a program on this machine"
	vm_add_file "$1" "$path" "$(vm_guest_path "$path")"
	case ${path##*/} in
	openssl | curl)
		[ ! -r /etc/ssl/openssl.cnf ] ||
			vm_add_file "$1" /etc/ssl/openssl.cnf /usr/lib/ssl/openssl.cnf
		;;
	esac
}

# vm_modules KERNELDIR RELEASE NAME...: the paths of the listed modules, of those named, and of all
# that these depend on, as modules.dep has them.
vm_modules()
{
	local dir=$1/lib/modules/$2

	shift 2
	printf '%s\n' "$@" | awk '
		FILENAME == "-" {
			if ($0 != "") named[$0] = 1
			next
		}
		FILENAME ~ /modules\.list$/ {
			if ($0 != "" && $0 !~ /^#/) wanted[++n] = "^kernel/(" $0 ")[.]ko"
			next
		}
		{
			sub(/:/, "", $1)
			all[$1] = $0
		}
		END {
			for (path in all) {
				name = path
				sub(/.*\//, "", name)
				sub(/[.]ko.*/, "", name)
				for (m in named) {
					a = m; b = name
					gsub(/-/, "_", a); gsub(/-/, "_", b)
					if (a == b) take[path] = 1
				}
				for (i = 1; i <= n; i++)
					if (path ~ wanted[i]) take[path] = 1
			}
			for (path in take) {
				k = split(all[path], needs, " ")
				for (i = 1; i <= k; i++) out[needs[i]] = 1
			}
			for (path in out) print path
		}' - "$VM_HERE/modules.list" "$dir/modules.dep"
}

# vm_add_modules ROOT KERNELDIR NAME...: unpacked, with an index of just these for modprobe.
vm_add_modules()
{
	local root=$1 kernel=$2 release from to path

	shift 2
	release=$(cat "$kernel/release")
	from=$kernel/lib/modules/$release
	to=$root/usr/lib/modules/$release
	mkdir -p "$to"
	cp "$from"/modules.{builtin,builtin.modinfo,order} "$to/" || return
	while read -r path; do
		install -D -m 644 "$from/$path" "$to/$path" || return
	done < <(vm_modules "$kernel" "$release" "$@")
	find "$to" -name '*.ko.xz' -exec busybox unxz {} + || return
	depmod -b "$root/usr" "$release" 2>/dev/null || depmod -b "$root" "$release"
}

# vm_add_skeleton ROOT: busybox under all its names, and the few files that libraries ask for.
vm_add_skeleton()
{
	local root=$1 d name

	for d in dev etc/ssl out proc root run sys tmp usr/bin usr/sbin usr/lib usr/lib64 var/tmp; do
		mkdir -p "$root/$d"
	done
	for d in bin sbin lib lib64; do
		ln -s "usr/$d" "$root/$d"
	done
	ln -s ../run "$root/var/run"
	ln -s /proc/self/mounts "$root/etc/mtab"
	chmod 1777 "$root/tmp" "$root/var/tmp"
	chmod 700 "$root/root"
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	printf '127.0.0.1 localhost ktls-vm\n::1 localhost ip6-localhost\n' >"$root/etc/hosts"
	printf 'hosts: files\npasswd: files\ngroup: files\n' >"$root/etc/nsswitch.conf"
	echo ktls-vm >"$root/etc/hostname"
	: >"$root/etc/resolv.conf"
	install -m 755 "$(command -v busybox)" "$root/usr/bin/busybox" || return
	vm_add_libraries "$root" "$root/usr/bin/busybox"
	for name in $(busybox --list-full); do
		case /$name in
		*/busybox) continue ;;
		/sbin/* | /usr/sbin/*) d=usr/sbin ;;
		*) d=usr/bin ;;
		esac
		ln -sf /usr/bin/busybox "$root/$d/${name##*/}"
	done
	# Where busybox starts a program by name, it prefers its applet to what --program brought:
	# the shell and the others that start programs are the host's.
	for name in $VM_HOST_PROGRAMS; do
		rm -f "$root/usr/bin/$name"
		install -m 755 "$(command -v "$name")" "$root/usr/bin/$name" || return
		vm_add_libraries "$root" "$root/usr/bin/$name"
	done
	ln -sf dash "$root/usr/bin/sh"
}

# vm_base NAME MODULE...: makes sure that the base archive exists, and prints its path. Its name
# holds a sum of all that it was made of. Called as $(vm_base ...): what it leaves, its trap removes.
vm_base()
{
	local kernel=$VM_CACHE/$1 sum base x

	shift
	sum=$({
		cat "$kernel/version" "$VM_HERE/initramfs.sh" "$VM_HERE/modules.list"
		for x in busybox $VM_HOST_PROGRAMS; do
			cat "$(command -v "$x")"
		done
		echo "$@"
	} | sha256sum | cut -c1-16)
	base=$kernel/base-$sum.cpio
	if [ ! -e "$base" ]; then
		vm_need depmod kmod
		vm_need_space "$VM_CACHE" 100 XDG_CACHE_HOME
		tmp=$(mktemp -d "$VM_CACHE/.base.XXXXXX") || exit "$VM_UNAVAILABLE"
		trap 'rm -rf "$tmp"' EXIT
		trap 'exit 130' INT TERM HUP
		mkdir "$tmp/root"
		vm_add_skeleton "$tmp/root" &&
			vm_add_modules "$tmp/root" "$kernel" "$@" &&
			vm_archive "$tmp/root" >"$tmp/base.cpio" 2>"$tmp/log" &&
			mv "$tmp/base.cpio" "$base" ||
			vm_unavailable "the guest's files could not be put together in $VM_CACHE"
		find "$kernel" -maxdepth 1 -name 'base-*.cpio' -mtime +30 -delete
	fi
	echo "$base"
}
