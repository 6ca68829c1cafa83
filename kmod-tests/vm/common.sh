# SPDX-License-Identifier: MIT
# Sourced by run: what every part of it uses. No side effects.
# shellcheck shell=bash

# shellcheck disable=SC2034 # some are used by others

# Exit statuses of run's own; all others are the command's.
VM_USAGE=2 # an option or a kernel name that run does not know
VM_KERNEL_COMPLAINED=123
VM_TIMEOUT=124
VM_UNAVAILABLE=125
readonly VM_USAGE VM_KERNEL_COMPLAINED VM_TIMEOUT VM_UNAVAILABLE

vm_say()
{
	printf 'vm: %s\n' "$1" >&2
}

# vm_die STATUS SENTENCE
vm_die()
{
	vm_say "$2"
	exit "$1"
}

# vm_refuse SENTENCE: of what was asked.
vm_refuse()
{
	vm_die "$VM_USAGE" "$1"
}

# vm_unavailable SENTENCE: why the VM could not be had.
vm_unavailable()
{
	vm_die "$VM_UNAVAILABLE" "$1"
}

# vm_need PROGRAM PACKAGE: the program must be on PATH.
vm_need()
{
	command -v "$1" >/dev/null ||
		vm_unavailable "$1 is missing: sudo apt-get install --no-install-recommends $2"
}

# vm_need_space DIR MB
vm_need_space()
{
	local free

	free=$(($(df -Pk "$1" | awk 'NR == 2 { print $4 }') / 1024))
	[ "$free" -ge "$2" ] ||
		vm_unavailable "no space: $1 has $free MB free and $2 are needed; free some, or set $3 to a roomier place"
}

# vm_lock FILE WHAT: holds FILE in descriptor 9 until
# vm_unlock or exit.
vm_lock()
{
	exec 9>"$1"
	if ! flock -w 2 9; then
		vm_say "waiting for another run to finish: $2"
		flock 9
	fi
}

vm_unlock()
{
	exec 9>&-
}
