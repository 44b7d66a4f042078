"""The only room that speaks to Cognito: tokens of API clients (over HTTP, there is no SDK call), and invited people."""
