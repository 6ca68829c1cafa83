# SPDX-License-Identifier: MIT
# Sourced by run: the machine.
# shellcheck shell=bash

VM_BOOT_SECONDS=180 # a busy machine without KVM needs some
VM_QEMU=${KTLS_VM_QEMU:-qemu-system-x86_64}

# vm_kvm_works: /dev/kvm may exist and not work, so let a processor of it run four instructions:
# out 0x10 to the port of isa-debug-exit ends QEMU with status 33.
vm_kvm_works()
{
	[ -w /dev/kvm ] || return 1
	{
		printf '\272\364\000\260\020\356\364'
		head -c 503 /dev/zero
		printf '\125\252'
	} >"$1/bootsector"
	timeout -k 1 5 "$VM_QEMU" -nodefaults -no-user-config -display none -M pc -m 16 \
		-accel kvm -cpu host -device isa-debug-exit \
		-drive "file=$1/bootsector,format=raw,if=ide" >/dev/null 2>&1
	[ $? = 33 ]
}

# vm_tcg_threads: before 8.1 QEMU could keep a stale translation of code that another processor was
# patching, and Linux patches itself (static keys, tracepoints): a kernel oops "int3" now and then,
# within seconds where tracepoints are switched. There, one thread emulates all processors.
vm_tcg_threads()
{
	"$VM_QEMU" --version | awk '
		match($0, /version [0-9]+[.][0-9]+/) {
			split(substr($0, RSTART + 8, RLENGTH - 8), v, ".")
			print (v[1] > 8 || v[1] == 8 && v[2] >= 1) ? "multi" : "single"
			exit
		}'
}

# vm_machine DIR CPUS ICOUNT: sets VM_MACHINE, QEMU's options for the processors. CPUS 0: as many
# as are of use. icount: one guest nanosecond is one instruction, so that CPU time counts them.
vm_machine()
{
	local cpu=max,-la57 threads useful=2

	if [ "$3" = 1 ]; then
		VM_MACHINE=(-accel "tcg,thread=single" -icount "shift=0,sleep=off"
			-cpu "$cpu,-erms,-fsrm" -smp 1)
		return
	fi
	if [ "${KTLS_VM_ACCEL:-kvm}" = kvm ] && vm_kvm_works "$1"; then
		VM_MACHINE=(-accel kvm -cpu host)
	else
		threads=$(vm_tcg_threads)
		[ "$threads" = multi ] || useful=1
		VM_MACHINE=(-accel "tcg,thread=$threads" -cpu "$cpu")
	fi
	[ "$2" = 0 ] || useful=$2
	VM_MACHINE+=(-smp "$useful")
}

# vm_port NAME FILE: a virtio port whose bytes go to the file; the guest sees them in this order.
vm_port()
{
	VM_PORTS+=(-chardev "file,id=$1,path=$2" -device "virtserialport,chardev=$1,name=$1")
}

# vm_watch DIR SECONDS: waits for the guest's end; no longer than VM_BOOT_SECONDS until its command
# starts and SECONDS from then on: else 124, and the guest is gone.
vm_watch()
{
	local started=0 deadline=$((SECONDS + VM_BOOT_SECONDS))

	mkfifo "$1/tick"
	exec 8<>"$1/tick"
	while kill -0 "$VM_PID" 2>/dev/null; do
		read -r -t 0.1 -u 8 # nothing comes: a sleep without a process
		if [ $started = 0 ] && [ -s "$1/status" ]; then
			started=1
			deadline=$((SECONDS + $2))
		fi
		if [ $SECONDS -gt $deadline ]; then
			kill -KILL "$VM_PID"
			wait "$VM_PID" 2>/dev/null
			return 124
		fi
	done
	wait "$VM_PID"
}

# vm_boot DIR MEMORY SECONDS: runs the guest to its end, with DIR/{vmlinuz,initrd}; leaves
# DIR/{console,status,kmsg,out.tar} and QEMU's own words in DIR/qemu. Returns 124 on timeout.
# The command's stdout and stderr go through pipes to ours.
vm_boot()
{
	local status readers append

	append="console=ttyS0 loglevel=5 panic=-1 rootfstype=tmpfs rdinit=/init log_buf_len=4M"
	append="$append mitigations=off nokaslr nowatchdog no_timer_check tsc=reliable random.trust_cpu=on"
	append="$append rcupdate.rcu_cpu_stall_timeout=120" # a busy host is no stall
	mkfifo "$1/stdout" "$1/stderr"
	cat "$1/stdout" &
	readers=$!
	cat "$1/stderr" >&2 &
	readers="$readers $!"
	VM_PORTS=()
	vm_port stdout "$1/stdout"
	vm_port stderr "$1/stderr"
	vm_port status "$1/status"
	vm_port kmsg "$1/kmsg"
	vm_port out "$1/out.tar"
	"$VM_QEMU" -nodefaults -no-user-config -display none -no-reboot \
		-M pc "${VM_MACHINE[@]}" -m "$2" \
		-kernel "$1/vmlinuz" -initrd "$1/initrd" -append "$append" \
		-serial "file:$1/console" -device virtio-serial-pci "${VM_PORTS[@]}" \
		</dev/null >"$1/qemu" 2>&1 &
	VM_PID=$!
	vm_watch "$1" "$3"
	status=$?
	VM_PID=
	# Where QEMU never opened the pipes, the readers wait for ever: open them once.
	: <>"$1/stdout" <>"$1/stderr"
	# shellcheck disable=SC2086 # a list
	wait $readers
	return $status
}
