GROUPS += bench

# What `make bench` measures, and how long: LOADS=get_same,post SYSTEMS=ours,bare, or all of them.
ROUNDS ?= 3
SECONDS ?= 3

.PHONY: bench
bench: $(VENV)-bench/installed ## Measure the service beside its peers; docs/benchmarks.md
	@$(VENV)-bench/bin/python -m benchmarks --programs $(BIN) --rounds "$(ROUNDS)" \
		--seconds "$(SECONDS)" --loads "$(LOADS)" --systems "$(SYSTEMS)"

# A venv of its own, so that peers do not change the package's dependencies. The benchmark itself
# imports the package, and one peer runs under its gunicorn.
$(VENV)-bench/installed: $(VENV)/installed-dev
	$(PYTHON) -m venv --without-pip $(VENV)-bench
	$(BIN)/pip --python $(VENV)-bench install --quiet --require-hashes -r requirements.txt
	$(BIN)/$(subst pip,pip --python $(VENV)-bench,$(INSTALL)) --group bench
	@touch $@
