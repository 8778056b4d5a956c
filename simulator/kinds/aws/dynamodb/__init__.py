"""`aws.dynamodb`: an Amazon DynamoDB table."""
