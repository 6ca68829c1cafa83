# SPDX-License-Identifier: MIT
# Sourced by run: what the kernel had to say.
# shellcheck shell=bash

# vm_complaints FILE: from a kernel log, the warnings since the command started, each with what
# belongs to it. Nothing printed: nothing to complain of.
vm_complaints()
{
	tr -d '\r' <"$1" | awk '
		/ktls-vm: the command starts/ { started = 1; next }
		!started { next }
		/WARNING:|BUG:|Oops|Call Trace|kernel BUG|general protection|Kernel panic|UBSAN:|KASAN:|KFENCE:|refcount_t:|blocked for more than|detected stall|unregister_netdevice: waiting/ {
			if (left == 0 && before != "") print before
			left = 40
		}
		left > 0 && lines < 200 {
			print
			lines++
			left--
			if (/end trace/) left = 0
		}
		{ before = /cut here/ ? $0 : "" }'
}

# vm_tail FILE N: the last lines of a log, for one who must find out why.
vm_tail()
{
	[ ! -s "$1" ] || tail -n "$2" "$1" | tr -d '\r' | sed 's/^/vm:   /' >&2
}
