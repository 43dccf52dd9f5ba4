.DEFAULT_GOAL := help
.PHONY: help build up migrate-up stop start check

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1	/' | expand -t 14

build: ## Build the image
	docker compose build

up: ## Start Frontdesk and PostgreSQL in containers and wait until they answer
	docker compose up --detach --wait

migrate-up: ## Apply the migrations alone, in a container
	docker compose run --rm app node server/main.ts migrate

stop: ## Stop the containers; the data stays
	docker compose stop

start: ## Start Frontdesk here, with its own PostgreSQL and without containers
	npm start

check: ## Run the tests and every static check
	npm run check
