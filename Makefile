# The two commands: `make run` shows Postferry at work in an isolated instance, `make check` runs every test.
# Both install what they need through apt (root or sudo) and ask nothing.

SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -q
PYTHON := /usr/bin/python3 -B
JOBS := $(shell nproc)

.PHONY: all run check check-crash bench install packages packages-check packages-bench clean

all: build/plain/build.ninja
	ninja -C build/plain programs

run: packages
	@$(MAKE) --no-print-directory all >build/make-run.log 2>&1 || { cat build/make-run.log; exit 1; }
	@$(SUDO) $(PYTHON) tests/servers/demo.py

check: packages-check
	$(PYTHON) tests/run-all.py

# Every step at every passing, and a thousand random kills of each kind (root; more than an hour).
check-crash: packages-check
	[ -f build/crash/build.ninja ] || meson setup --buildtype=release -Db_lto=false -Dsteps=true build/crash
	ninja -C build/crash
	$(SUDO) env PF_BUILD=$(CURDIR)/build/crash $(PYTHON) tests/crash/test_steps.py --all
	$(SUDO) env PF_BUILD=$(CURDIR)/build/crash $(PYTHON) tests/crash/test_release.py --all
	$(SUDO) env PF_BUILD=$(CURDIR)/build/crash $(PYTHON) tests/crash/random_kills.py --kills 1000
	$(SUDO) env PF_BUILD=$(CURDIR)/build/crash PF_SLOW=1 $(PYTHON) tests/crash/test_disk.py
	$(SUDO) env PF_BUILD_PLAIN=$(CURDIR)/build/crash $(PYTHON) tests/mutants/run.py --all

# Messages a second against the peers (root): build/bench.md.
bench: packages-bench
	@$(MAKE) --no-print-directory all
	ninja -C build/plain drivers
	$(SUDO) $(PYTHON) tests/bench/bench.py $(BENCH)

# Lists of Debian packages, one a line: what `make run` needs, and what only the tests need.
packages:
	@mkdir -p build
	@$(call install_missing,.ci/packages)

packages-check:
	@mkdir -p build
	@$(call install_missing,.ci/packages .ci/packages-check)

packages-bench:
	@mkdir -p build
	@$(call install_missing,.ci/packages .ci/packages-check .ci/packages-bench)

# No service is started by being installed: apt asks policy-rc.d, where there is none one stands there meanwhile.
define install_missing
policy=/usr/sbin/policy-rc.d; missing=$$(for p in $$(grep -hv '^#' $(1)); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
if [ -n "$$missing" ]; then echo "Installing packages:" $$missing; \
  if [ ! -e $$policy ]; then trap '$(SUDO) rm -f /usr/sbin/policy-rc.d' EXIT INT TERM; \
    printf '#!/bin/sh\nexit 101\n' | $(SUDO) tee $$policy >/dev/null && $(SUDO) chmod 755 $$policy; fi; \
  { $(APT) update && $(APT) install -y --no-install-recommends $$missing; } >build/packages.log 2>&1 || { cat build/packages.log; exit 1; }; fi
endef

build/plain/build.ninja:
	meson setup --buildtype=release -Db_lto=false build/plain

# The service in its place; its user and folders at once where systemd is there to make them.
install: packages all
	$(SUDO) meson install -C build/plain
	if [ -d /run/systemd/system ]; then $(SUDO) systemd-sysusers postferry.conf && \
	  $(SUDO) systemd-tmpfiles --create postferry.conf && $(SUDO) systemctl daemon-reload && \
	  $(SUDO) systemctl reload dbus; fi

clean:
	rm -rf build
