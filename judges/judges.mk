GROUPS += judges
CI_TESTS := judges $(CI_TESTS)

.PHONY: judge clients lock-judges
ci: $(VENV)/installed-judges judges/node_modules
lock: lock-judges

judge: $(VENV)/installed-judges judges/node_modules ## Judge the API with external tools (needs node)
	@$(BIN)/$(PYTEST) judges

clients: $(VENV)/installed-judges judges/node_modules ## Generate clients in dist/: Python, TypeScript, Java
	@$(BIN)/python -m judges.clients dist

$(VENV)/installed-judges: $(VENV)/installed-dev
	$(BIN)/$(INSTALL) --group judges
	@touch $@

judges/node_modules: judges/package-lock.json
	cd judges && npm ci --silent
	@touch $@

lock-judges:
	cd judges && npm update --silent --package-lock-only --omit-lockfile-registry-resolved
