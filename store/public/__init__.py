"""What the public sees of challenges: written with what is announced, and read without anybody else."""
