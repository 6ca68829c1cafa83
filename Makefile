# SPDX-License-Identifier: MIT
#
# make            in build/: the libraries and the program `ktls`
# make serve      installs what is missing, builds, serves DIR at https://localhost:PORT
# make unit       the unit tests: seconds, no network, no root
# make check      everything (tools/check/list); check-all adds what takes longer
# make kcheck     what only a kernel with TLS can show, in virtual machines
# make conformance    BoringSSL's TLS test runner against our engine; fetches 54 MB once
# make interop    every TLS peer that this machine has; FULL=1: every combination of three
# make install    DESTDIR= PREFIX=/usr/local
# make fuzz       SECONDS=60 for each target; also: examples, bench, docs, fmt, clean
#
# V=1 prints the commands. A variant builds into a directory of its own: CC=clang,
# SAN=1 (ASan and UBSan), FUZZ=1 (libFuzzer), PLAIN=1 (what the layering check reads).

VERSION := $(or $(shell sed -n 's/^.define KTLS_VERSION[[:space:]]*"\(.*\)".*/\1/p' include/ktls.h 2>/dev/null),0.1.0)
SOVERSION = 0
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
DIR     ?= docs/site
PORT    ?= 8443
SECONDS ?= 60
DOC     ?= docs/interop.md

VARIANT := $(if $(FUZZ),/fuzz,$(if $(SAN),/san,$(if $(PLAIN),/plain,$(if $(findstring clang,$(CC)),/clang))))
BUILD   ?= build$(VARIANT)
ifneq ($(FUZZ),)
CC = clang
endif

# Flags

OPT_    = -O2 -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
OPT_/clang = $(OPT_)
OPT_/plain = -O0 -U_FORTIFY_SOURCE -fno-stack-protector
OPT_/san   = -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
OPT_/fuzz  = $(OPT_/san) -fsanitize=fuzzer-no-link
CFLAGS  ?= $(OPT_$(VARIANT)) -g
WARN     = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes $(if $(WERROR),-Werror)
STD      = -std=c17 -D_GNU_SOURCE -fPIC -fvisibility=hidden
HARDEN   = -Wl,-z,relro,-z,now,--as-needed
SANLINK  = $(filter -fsanitize=%,$(OPT_$(VARIANT)))

# A room is a folder. What one tree may include is all that its compiler can see.
INC_src        = -Iinclude -Isrc
INC_kmod-tests = -Iinclude -Isrc
INC_tools      = -Iinclude -Itools
INC_docs       = -Iinclude

NEED    := libcrypto>=3.0.1 liburing libnl-3.0 libnl-genl-3.0 jansson
missing := $(strip $(foreach p,$(NEED),$(shell pkg-config --exists '$(subst >=, >= ,$p)' 2>/dev/null || echo '$p')))
cmocka  := $(shell pkg-config --exists cmocka 2>/dev/null && echo yes)
pc       = $(shell pkg-config $(1) $(2) 2>/dev/null)
ifeq ($(missing),)
PC_CFLAGS := $(call pc,--cflags,libcrypto liburing libnl-3.0 libnl-genl-3.0 jansson)
CRYPTO  := $(call pc,--libs,libcrypto)
URING   := $(call pc,--libs,liburing)
NETLINK := $(call pc,--libs,libnl-3.0 libnl-genl-3.0)
JANSSON := $(call pc,--libs,jansson)
endif

# Sources

ROOMS      = base crypto schedule record session config handshake post offload conn
aside      = %_test.c %_fuzz.c %_testlib.c
sources    = $(filter-out $(aside),$(sort $(wildcard $(1:=/*.c))))
objects    = $(patsubst %.c,$(BUILD)/%.o,$(call sources,$(1)))

# Programs of their own, which nobody installs.
ASIDE_TOOLS = bogo_shim check interop bench_handshake
OBJ_libktls         := $(call objects,$(ROOMS:%=src/%))
OBJ_libktls-uring   := $(call objects,src/uring)
OBJ_libktls-netlink := $(call objects,src/netlink)
TOOL_OBJ   := $(call objects,$(filter-out $(ASIDE_TOOLS:%=tools/%),$(patsubst %/,%,$(wildcard tools/*/))))
SHIM_OBJ   := $(call objects,tools/bogo_shim)
PEER_OBJ   := $(call objects,tools/interop)
BENCH_OBJ  := $(call objects,tools/bench_handshake)
TESTLIB    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard src/*/*_testlib.c tools/*/*_testlib.c))
KMOD_LIB   := $(patsubst %.c,$(BUILD)/%.o,$(wildcard kmod-tests/*_testlib.c))
TEST_SRC   := $(sort $(wildcard src/*/*_test.c tools/*/*_test.c))
FUZZ_SRC   := $(sort $(wildcard src/*/*_fuzz.c tools/*/*_fuzz.c))
KMOD_SRC   := $(call sources,kmod-tests)
EXAMPLES   := $(patsubst docs/examples/%.c,$(BUILD)/examples/%,$(wildcard docs/examples/*.c))
KMODS      := $(patsubst kmod-tests/%.c,$(BUILD)/kmod/%,$(KMOD_SRC))

# src/base/wire_test.c -> $(BUILD)/test/base_wire
flat       = $(2)/$(word 2,$(subst /, ,$(1)))_$(patsubst %_fuzz,%,$(patsubst %_test,%,$(basename $(notdir $(1)))))
TESTS      := $(foreach s,$(TEST_SRC),$(call flat,$s,$(BUILD)/test))
TOOL_TESTS := $(foreach s,$(filter tools/%,$(TEST_SRC)),$(call flat,$s,$(BUILD)/test))
FUZZERS    := $(foreach s,$(FUZZ_SRC),$(call flat,$s,$(BUILD)))
TOOL_FUZZERS := $(foreach s,$(filter tools/%,$(FUZZ_SRC)),$(call flat,$s,$(BUILD)))

# Only what has a source yet.
LIBS       := $(foreach l,libktls-uring libktls-netlink libktls,$(if $(OBJ_$l),$l))
STATIC     := $(LIBS:%=$(BUILD)/%.a)
SHARED     := $(LIBS:%=$(BUILD)/%.so)
PROGRAMS   := $(if $(TOOL_OBJ),$(BUILD)/ktls) $(if $(SHIM_OBJ),$(BUILD)/bogo_shim) \
	$(if $(PEER_OBJ),$(BUILD)/ktls_peer)
ALL_OBJ    := $(foreach l,$(LIBS),$(OBJ_$l)) $(TOOL_OBJ) $(SHIM_OBJ) $(PEER_OBJ) $(BENCH_OBJ) $(TESTLIB) $(KMOD_LIB) \
	$(patsubst %.c,$(BUILD)/%.o,$(TEST_SRC) $(FUZZ_SRC) $(KMOD_SRC))

silent = $(findstring s,$(firstword -$(MAKEFLAGS)))
say   = $(if $(V),,@$(if $(silent),,printf '  %-7s %s\n' $(1) $(patsubst $(BUILD)/%,%,$@);))
quiet = $(if $(V),,@)
jobs  = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$$(nproc))
self  = +$(quiet)$(MAKE) --no-print-directory $(jobs)

all: $(STATIC) $(SHARED) $(PROGRAMS)
objects: $(foreach l,$(LIBS),$(OBJ_$l))
tests: $(TESTS)
kmod: $(KMODS)
examples: $(EXAMPLES)
fuzzers: $(FUZZERS)

# Rebuilt when a flag changes; relinked when a source comes or goes.
$(BUILD)/flags: FORCE
	$(if $(missing),$(error $(missing): not found by pkg-config. Run tools/setup build))
	@mkdir -p $(@D); echo '$(CC) $(STD) $(CFLAGS) $(CPPFLAGS)' | cmp -s - $@ || \
	    echo '$(CC) $(STD) $(CFLAGS) $(CPPFLAGS)' >$@
$(BUILD)/sources: FORCE
	@mkdir -p $(@D); echo '$(ALL_OBJ)' | cmp -s - $@ || echo '$(ALL_OBJ)' >$@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(STD) $(WARN) $(CFLAGS) $(CPPFLAGS) $(INC_$(firstword $(subst /, ,$<))) \
	    $(PC_CFLAGS) -MMD -MP -c -o $@ $<

# The libraries. libktls-uring and libktls-netlink see of libktls what it exports, and
# have copies of their own of what they use of src/base and of src/offload's control_msg.c.

LINK_libktls         = $(CRYPTO)
LINK_libktls-uring   = -L$(BUILD) -lktls $(BUILD)/base.a $(URING)
LINK_libktls-netlink = -L$(BUILD) -lktls $(BUILD)/base.a $(NETLINK)
$(foreach l,libktls-uring libktls-netlink,$(BUILD)/$l.so $(BUILD)/$l.o): $(BUILD)/base.a $(BUILD)/libktls.so

.SECONDEXPANSION:
$(BUILD)/lib%.so: $$(OBJ_lib$$*) src/libktls.map $(BUILD)/sources
	$(call say,LD)$(CC) -shared -Wl,-soname,$(@F).$(SOVERSION) -Wl,--version-script,src/libktls.map \
	    $(if $(SANLINK),$(SANLINK),-Wl,-z,defs) $(HARDEN) $(LDFLAGS) -o $@.$(SOVERSION) \
	    $(OBJ_lib$*) $(LINK_lib$*)
	$(quiet)ln -sf $(@F).$(SOVERSION) $@

# One object, in which all that is not exported is local. What libktls exports is local
# in the two others also: they may hold a copy of it, from src/base.
$(BUILD)/lib%.o: $$(OBJ_lib$$*) $(BUILD)/sources
	$(call say,LD)$(LD) -r -o $@ $(OBJ_lib$*) $(filter %.a,$^)
	$(quiet)nm -g --defined-only $(filter %.so,$^) /dev/null 2>/dev/null | awk 'NF == 3 { print $$3 }' >$@.hide
	$(quiet)objcopy --localize-hidden $(if $(filter %.so,$^),--localize-symbols=$@.hide) $@

$(BUILD)/lib%.a: $(BUILD)/lib%.o
	$(call say,AR)rm -f $@; $(AR) qcs $@ $<

archive = $(call say,AR)rm -f $@; $(AR) qcs $@ $(filter %.o,$^)
$(BUILD)/base.a: $(call objects,src/base) $(BUILD)/src/offload/control_msg.o $(BUILD)/sources
	$(archive)
$(BUILD)/tests.a: $(foreach l,$(LIBS),$(OBJ_$l)) $(TESTLIB) $(BUILD)/sources
	$(archive)
$(BUILD)/tools.a: $(TOOL_OBJ) $(BUILD)/sources
	$(archive)

# Programs. The tools and the examples get the public API: the archives hide all else.
# The tests get every object.

link = $(call say,LD)$(CC) -pie $(1) $(SANLINK) $(HARDEN) $(LDFLAGS) -o $@ $(filter %.o,$^) \
	-Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(URING) $(NETLINK) $(JANSSON) $(CRYPTO) $(2)

$(BUILD)/ktls: $(TOOL_OBJ) $(STATIC) $(BUILD)/sources
	$(call link)
$(BUILD)/bogo_shim: $(SHIM_OBJ) $(STATIC) $(BUILD)/sources
	$(call link)
$(BUILD)/bench_handshake: $(BENCH_OBJ) $(STATIC) $(BUILD)/sources
	$(call link,,$(call pc,--libs,libssl))
$(BUILD)/ktls_peer: $(PEER_OBJ) $(STATIC) $(BUILD)/sources
	$(call link)
$(BUILD)/examples/%: $(BUILD)/docs/examples/%.o $(STATIC)
	@mkdir -p $(@D); awk 'END { if (NR > 40) { print FILENAME ": " NR " lines, not 40"; exit 1 } }' \
	    docs/examples/$*.c
	$(call link)

$(foreach s,$(TEST_SRC),$(eval $(call flat,$s,$(BUILD)/test): $(BUILD)/$(s:.c=.o)))
$(TOOL_TESTS): $(BUILD)/tools.a
$(TESTS): $(BUILD)/tests.a
	$(if $(cmocka),,$(error cmocka: not found by pkg-config. Run tools/setup check))
	@mkdir -p $(@D)
	$(call link,,-lcmocka)
$(BUILD)/kmod/%: $(BUILD)/kmod-tests/%.o $(KMOD_LIB) $(BUILD)/tests.a
	@mkdir -p $(@D)
	$(call link,,-lcmocka)

$(foreach s,$(FUZZ_SRC),$(eval $(call flat,$s,$(BUILD)): $(BUILD)/$(s:.c=.o)))
$(TOOL_FUZZERS): $(BUILD)/tools.a
$(FUZZERS): $(BUILD)/tests.a
	$(call link,-fsanitize=fuzzer,-lcmocka)

# What one runs

serve:
	tools/setup build
	$(self) $(BUILD)/ktls
	$(quiet)exec $(BUILD)/ktls serve --listen $(PORT) $(DIR)

unit:
	$(self) tests
	$(quiet)tools/check/run unit
run-tests: tests
	$(quiet)tools/check/run --each $(TESTS)
check:
	$(quiet)tools/check/announce
	$(quiet)tools/setup check
	$(quiet)tools/check/run
check-all:
	$(quiet)tools/check/announce --all
	$(quiet)tools/setup check-all
	$(quiet)tools/check/run --all
kcheck:
	$(quiet)tools/check/run kernel
interop:
	$(self) $(BUILD)/ktls_peer
	$(quiet)BUILD=$(BUILD) tools/interop/run $(if $(DOC),--doc $(DOC)) $(if $(FULL),--full OpenSSL GnuTLS Go)
conformance:
	$(self) $(BUILD)/bogo_shim
	$(quiet)BUILD=$(BUILD) tools/check/conformance
conformance-selftest:
	$(self) $(BUILD)/bogo_shim
	$(quiet)BUILD=$(BUILD) tools/check/conformance --selftest

fuzz:
	$(self) FUZZ=1 fuzzers
	$(quiet)tools/check/fuzz $(SECONDS) $(FUZZERS:$(BUILD)/%=build/fuzz/%)

bench-handshake:
	$(self) $(BUILD)/bench_handshake
	$(quiet)BUILD=$(BUILD) tools/bench_handshake/run

bench:
	@echo 'make bench: there is no benchmark yet. It comes with the subcommand "ktls bench".' >&2; exit 2

docs: $(patsubst %,$(BUILD)/%.html,$(wildcard docs/man/*.[1-7]))
	@echo "docs: $(words $^) man pages formatted$(if $^, in $(BUILD)/docs/man)"
$(BUILD)/docs/man/%.html: docs/man/%
	@mkdir -p $(@D)
	$(call say,MAN)mandoc -T html -W warning $< >$@

fmt:
	$(quiet)tools/check/format --fix

clean:
	rm -rf build

help:
	@sed -n '/^# make  /,/^$$/s/^# \{0,1\}//p' Makefile

into = install -d $(DESTDIR)$(1) && install -m $(3) $(2) $(DESTDIR)$(1)
install: all
	$(call into,$(PREFIX)/include,include/ktls.h,644)
	$(call into,$(PREFIX)/include/ktls,include/ktls/*.h,644)
	$(call into,$(LIBDIR),$(STATIC),644)
	for l in $(LIBS); do \
	    install -m 755 $(BUILD)/$$l.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/$$l.so.$(VERSION) && \
	    ln -sf $$l.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$$l.so.$(SOVERSION) && \
	    ln -sf $$l.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/$$l.so || exit 1; done
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig
	for l in $(LIBS); do sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|' \
	    src/$$l.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/$$l.pc || exit 1; done
	$(if $(TOOL_OBJ),$(call into,$(PREFIX)/bin,$(BUILD)/ktls,755))
	for p in $(wildcard docs/man/*.[1-7]); do d=$(DESTDIR)$(PREFIX)/share/man/man$${p##*.}; \
	    install -d $$d && install -m 644 $$p $$d || exit 1; done

.PHONY: all objects tests kmod examples fuzzers serve unit run-tests check check-all kcheck fuzz \
	interop conformance conformance-selftest bench bench-handshake docs fmt clean help install FORCE
.DELETE_ON_ERROR:
.SECONDARY:
-include $(ALL_OBJ:.o=.d) $(EXAMPLES:$(BUILD)/%=$(BUILD)/docs/%.d)
