"""From a training job to the records of its trials."""
