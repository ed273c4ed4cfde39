GROUPS += bench

# What `make bench` measures, and how long: LOADS=get_same,post SYSTEMS=ours,bare, or all of them.
ROUNDS ?= 3
SECONDS ?= 3

.PHONY: bench
bench: $(VENV)-bench/installed ## Measure the service beside its peers; docs/benchmarks.md
	@$(VENV)-bench/bin/python -m benchmarks --rounds "$(ROUNDS)" --seconds "$(SECONDS)" \
		--loads "$(LOADS)" --systems "$(SYSTEMS)"

# The service as `make run` installs it, and its peers.
$(VENV)-bench/installed: $(VENV)/installed-dev
	$(PYTHON) -m venv --without-pip $(VENV)-bench
	$(BIN)/pip --python $(VENV)-bench install --quiet --require-hashes -r requirements.txt
	$(BIN)/$(subst pip,pip --python $(VENV)-bench,$(INSTALL)) --group bench
	$(BIN)/pip --python $(VENV)-bench install --quiet --no-deps --editable .
	@touch $@
