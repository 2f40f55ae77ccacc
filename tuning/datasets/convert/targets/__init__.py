"""Writers: neutral records to the lines that Bedrock, or a grader, reads."""
