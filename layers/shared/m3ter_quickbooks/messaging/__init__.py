"""The only room that speaks SQS, EventBridge and SES."""
