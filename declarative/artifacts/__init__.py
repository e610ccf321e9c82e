"""Where deployment packages come from: local files, S3, ECR, repositories, scripts.

May import `declarative.engine` (its ports) and what lies below it. May not import
`declarative.aws` or `declarative.render`: an AWS client that a source needs is handed to it.
"""
