"""The only room that speaks DynamoDB and Secrets Manager. Stored forms are mapped by hand, here and nowhere else."""
