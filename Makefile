# docket: a desk for application forms, made of files.  make help

VERSION = 0.1.0
PREFIX ?= /usr/local
BINDIR = $(PREFIX)/bin
LIBEXECDIR = $(PREFIX)/libexec/docket
MANDIR = $(PREFIX)/share/man
DATADIR = $(PREFIX)/share/docket
# systemd's folders; those of a package are below /usr/lib
LIBDIR = $(PREFIX)/lib
UNITDIR = $(LIBDIR)/systemd/system
SYSUSERSDIR = $(LIBDIR)/sysusers.d
TMPFILESDIR = $(LIBDIR)/tmpfiles.d

CC ?= cc
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
BUILD ?= build

WARN = -std=c17 -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes \
	-Wstrict-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wvla -Wformat=2 -Wundef
HARDEN = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
LDHARDEN = -pie -Wl,-z,relro,-z,now
ALLFLAGS = -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	-DLIBEXECDIR='"$(LIBEXECDIR)"' $(WARN) $(HARDEN) $(CFLAGS) \
	-iquote include -MMD -MP

# which package each program is linked with: nothing else is
PKGS_check = libxml-2.0 libseccomp
PKGS_docket = libgit2 sqlite3 libsodium nettle libdeflate zlib
cflags_of = $(shell $(PKG_CONFIG) --cflags $(1) 2>/dev/null)
libs_of = $(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null)

# src/ by layers (.ci/layers checks that includes keep to them)
base = $(wildcard src/base/*.c)
form = $(wildcard src/form/*.c)
check = $(wildcard src/check/*.c)
above = $(wildcard src/desk/*.c src/ledger/*.c src/index/*.c src/stage/*.c \
	src/audit/*.c src/flow/*.c src/doctor/*.c) src/flow.c src/reindex.c
cmd = $(wildcard src/cmd/*.c)
manuals = $(wildcard src/*.[1-9])

# what is done, in a word; make V=1 shows the commands
Q = $(if $(V),,@)
say = @$(if $(V),:,printf '  %-4s %s\n' $(1) $(2:$(BUILD)/%=%))

obj = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(1))
check_main = $(BUILD)/obj/check/main.o
cmd_main = $(BUILD)/obj/cmd/docket.o

unit = $(BUILD)/docket@.service

all: $(BUILD)/docket $(BUILD)/docket-check $(unit)

help:
	@echo 'make run      install what is missing, build, run a desk here'
	@echo 'make check    install what is missing, build, run all tests'
	@echo 'make          build build/docket and build/docket-check'
	@echo 'make demo     a tour in a temporary desk'
	@echo 'make install  to PREFIX ($(PREFIX)), below DESTDIR'
	@echo 'make asan     all tests under AddressSanitizer and UBSan'
	@echo 'make lint     more warnings, other compilers, the manual pages'
	@echo 'make headers  every header compiles alone'
	@echo 'make layers   no include runs up a layer'
	@echo 'make crash    kill, starve and unplug the desk at every point'
	@echo 'make load     a batch of 100,000 forms, a list of 100,000 clients'
	@echo 'make hostile  forms, schemas, folders, workers made to harm'
	@echo 'make fuzz     fuzz the parsers for FUZZ_SECONDS each (clang)'
	@echo 'make bench    what it costs, beside its yardsticks (QUICK=1: a minute)'
	@echo 'make clean'

$(BUILD)/docket: $(call obj,$(cmd)) $(BUILD)/libdocket.a $(BUILD)/libform.a \
    $(BUILD)/libbase.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDHARDEN) $(LDFLAGS) -o $@ $^ \
	    $(call libs_of,$(PKGS_docket))

$(BUILD)/docket-check: $(check_main) $(BUILD)/libcheck.a $(BUILD)/libform.a \
    $(BUILD)/libbase.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDHARDEN) $(LDFLAGS) -o $@ $^ \
	    $(call libs_of,$(PKGS_check)) -lm

# a path may stand in it, and change with PREFIX
$(unit): src/systemd/docket@.service.in FORCE
	@mkdir -p $(@D)
	@sed 's,@BINDIR@,$(BINDIR),g' $< >$@.new && \
	    if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
FORCE:

$(BUILD)/libbase.a: $(call obj,$(base))
$(BUILD)/libform.a: $(call obj,$(form))
$(BUILD)/libcheck.a: $(filter-out $(check_main),$(call obj,$(check)))
$(BUILD)/libdocket.a: $(call obj,$(above))
$(BUILD)/lib%.a:
	$(call say,AR,$@)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(BUILD)/obj/check/%.o: PKG = $(call cflags_of,$(PKGS_check))
$(BUILD)/obj/ledger/%.o: PKG = $(call cflags_of,libgit2 libdeflate)
$(BUILD)/obj/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALLFLAGS) $(PKG) -c -o $@ $<

# read in by the assembler, which tells no dependencies
$(BUILD)/obj/desk/shipped.o: $(wildcard schemas/*.xsd schemas/examples/*.xml \
	schemas/examples/blank/* schemas/examples/gateway/*)

-include $(shell find $(BUILD)/obj $(BUILD)/test -name '*.d' 2>/dev/null)

# Running here.

run: deps-run
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@test -e docket.conf || $(BUILD)/docket init . >/dev/null
	@echo
	@echo 'A desk runs in this directory. In another terminal, try:'
	@echo
	@echo '    cp schemas/examples/api-key.xml inbox/'
	@echo '    ls pending outbox            # it was received, and waits'
	@echo '    mv pending/AK-000001.xml approved/'
	@echo '    cat outbox/AK-000001.approved.txt'
	@echo '    git -C ledger.git log --stat -M'
	@echo '    $(BUILD)/docket status'
	@echo
	@echo 'Ctrl-C ends it; what is in it stays.'
	@echo
	@exec $(BUILD)/docket run .

# what it cannot have it leaves out
demo: deps-run
	@.ci/deps demo || :
	@$(MAKE) --no-print-directory -j$(JOBS) all \
	    $(BUILD)/test/tools/waitfor $(BUILD)/test/tools/http
	@tests/demo.sh $(BUILD)

deps-run deps-check deps-lint deps-bench:
	@.ci/deps $(@:deps-%=%)

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR) \
	    $(DESTDIR)$(DATADIR)
	install -m 755 $(BUILD)/docket $(DESTDIR)$(BINDIR)
	install -m 755 $(BUILD)/docket-check $(DESTDIR)$(LIBEXECDIR)
	cp -R schemas $(DESTDIR)$(DATADIR)
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSUSERSDIR) \
	    $(DESTDIR)$(TMPFILESDIR)
	install -m 644 $(unit) $(DESTDIR)$(UNITDIR)
	install -m 644 src/systemd/docket.sysusers \
	    $(DESTDIR)$(SYSUSERSDIR)/docket.conf
	install -m 644 src/systemd/docket.tmpfiles \
	    $(DESTDIR)$(TMPFILESDIR)/docket.conf
	for page in $(manuals); do \
	    section=$${page##*.}; \
	    install -d $(DESTDIR)$(MANDIR)/man$$section && \
	    install -m 644 $$page $(DESTDIR)$(MANDIR)/man$$section || exit 1; \
	done

# Tests.

# a unit test is linked with what it tests: NAME_test.c
unit_check = idlist path pieces sandbox schema split xmlform xmlscan
unit_all = $(patsubst tests/unit/%_test.c,%,$(wildcard tests/unit/*_test.c))
unit_docket = $(filter-out $(unit_check),$(unit_all))
units = $(unit_all:%=$(BUILD)/test/unit/%_test)
tools = $(patsubst tests/tools/%.c,$(BUILD)/test/tools/%, \
	$(wildcard tests/tools/*.c))
fuzzers = $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))

TESTLIBS = $(BUILD)/libdocket.a $(BUILD)/libform.a $(BUILD)/libbase.a
CHECKLIBS = $(BUILD)/libcheck.a $(BUILD)/libform.a $(BUILD)/libbase.a

$(unit_docket:%=$(BUILD)/test/unit/%_test): $(BUILD)/test/unit/%: \
    tests/unit/%.c $(TESTLIBS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALLFLAGS) $(call cflags_of,cmocka) $(LDFLAGS) -o $@ $< \
	    $(TESTLIBS) $(call libs_of,cmocka $(PKGS_docket)) -lm
$(unit_check:%=$(BUILD)/test/unit/%_test): $(BUILD)/test/unit/%: \
    tests/unit/%.c $(CHECKLIBS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALLFLAGS) $(call cflags_of,cmocka $(PKGS_check)) $(LDFLAGS) \
	    -o $@ $< $(CHECKLIBS) $(call libs_of,cmocka $(PKGS_check)) -lm
$(BUILD)/test/tools/%: tests/tools/%.c $(TESTLIBS) $(CHECKLIBS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALLFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libcheck.a \
	    $(TESTLIBS) $(call libs_of,$(PKGS_check) $(PKGS_docket)) -lm

# docket-check as it would be if a form had taken it over
taken = $(BUILD)/test/taken/docket-check
$(taken): tests/taken/docket-check.c $(check_main) $(CHECKLIBS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALLFLAGS) $(call cflags_of,$(PKGS_check)) $(LDFLAGS) \
	    -o $@ $< $(check_main) \
	    -Wl,--wrap=xmlform_check -Wl,--wrap=schemas_compile \
	    $(CHECKLIBS) $(call libs_of,$(PKGS_check)) -lm

# the fuzz targets with a driver of their own, which runs each file once, or
# (tests/fuzz/run.sh) the fuzzer's
FUZZER ?= tests/fuzz/driver.c
$(BUILD)/test/fuzz/%: tests/fuzz/%_fuzz.c tests/fuzz/driver.c $(TESTLIBS) \
    $(CHECKLIBS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALLFLAGS) $(call cflags_of,$(PKGS_check)) $(LDFLAGS) -o $@ \
	    tests/fuzz/$*_fuzz.c $(FUZZER) $(BUILD)/libcheck.a \
	    $(TESTLIBS) $(call libs_of,$(PKGS_check) $(PKGS_docket)) -lm

tests: all bench-tools $(units) $(tools) $(taken) \
    $(fuzzers:%=$(BUILD)/test/fuzz/%)

JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# tests wait more than they work
TESTJOBS ?= $(shell expr 2 \* $(JOBS))

check: deps-check
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	@$(MAKE) --no-print-directory layers headers
	BUILD=$(CURDIR)/$(BUILD) prove -j$(TESTJOBS) --merge -f \
	    -e '' $(units) tests/t/*.t

asan: deps-check
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan HARDEN= \
	    CFLAGS='-O1 -g -fno-omit-frame-pointer \
	    -fsanitize=address,undefined -fno-sanitize-recover=all' \
	    check-asan
check-asan:
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	BUILD=$(CURDIR)/$(BUILD) ASAN_OPTIONS=detect_leaks=1 \
	    LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lsan.supp \
	    prove -j$(JOBS) --merge -f -e '' $(units) tests/t/*.t

# killed before every call that changes anything, every call failed, the
# power failed: all of it, and how many points there were
crashing = 8001-kill 8003-kill-keys 8004-kill-clock 8006-list-killed \
	8010-batch-killed 8025-sweep 8035-power 8045-trouble \
	8041-small-disks 8042-missing 8043-lasting
crash: deps-check
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	CRASH=1 BUILD=$(CURDIR)/$(BUILD) prove -v --timer \
	    $(crashing:%=tests/t/%.t)

# what make check does with some thousand, with a hundred thousand
load: deps-check
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	LOAD=1 BUILD=$(CURDIR)/$(BUILD) prove -v tests/t/9010-batch.t \
	    tests/t/9020-lists.t

# forms, schemas, folders and workers made to harm, all of them, with counts
hostile: deps-check
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	HOSTILE=1 BUILD=$(CURDIR)/$(BUILD) tests/hostile.sh

FUZZ_SECONDS ?= 600
fuzz: deps-lint
	tests/fuzz/run.sh $(FUZZ_SECONDS) $(fuzzers)

# Measuring: what is timed is in C, what compares is bench.py.

benches = $(patsubst tests/bench/%.c,$(BUILD)/bench/%, \
	$(wildcard tests/bench/*.c)) $(BUILD)/bench/docket-check

$(BUILD)/bench/docket-check: $(BUILD)/docket-check
	@mkdir -p $(@D)
	@ln -sf ../docket-check $@
$(BUILD)/bench/%: tests/bench/%.c $(TESTLIBS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALLFLAGS) -iquote tests/bench $(LDFLAGS) -o $@ $< \
	    $(TESTLIBS) $(call libs_of,$(PKGS_docket))

bench-tools: all $(benches)
bench: deps-bench
	@$(MAKE) --no-print-directory -j$(JOBS) bench-tools
	python3 -B tests/bench/bench.py $(BUILD)

# Looking at the source.

headers:
	@for h in include/*.h; do \
	    printf '#include "%s"\n' "$${h##*/}" | $(CC) -std=c17 \
	    -D_GNU_SOURCE -Wall -Wextra -Werror -iquote include \
	    $(call cflags_of,libxml-2.0) -fsyntax-only -x c - || exit 1; \
	done

layers:
	@.ci/layers

lint: deps-lint headers layers
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=$(BUILD)/clang \
	    CC=clang CFLAGS='-O1 -Werror' tests
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=$(BUILD)/gcc \
	    CC=gcc CFLAGS='-O2 -Werror' tests
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
	    --enable=warning,performance,portability \
	    --suppress=missingIncludeSystem --suppress=unknownMacro \
	    --suppress=varFuncNullUB --suppress=ctuuninitvar \
	    -D_GNU_SOURCE -D__linux__ -I include src
	$(if $(manuals),mandoc -T lint -W warning $(manuals))
	shellcheck -S warning -e SC2154 .ci/* $(wildcard tests/*.sh \
	    tests/t/*.t tests/t/*.sh tests/fuzz/*.sh tests/bench/*.sh)

clean:
	rm -rf $(BUILD)

.PHONY: FORCE all help run demo crash load deps-run deps-check deps-lint \
	deps-bench install tests check asan check-asan hostile fuzz bench \
	bench-tools headers layers lint clean
.DELETE_ON_ERROR:
